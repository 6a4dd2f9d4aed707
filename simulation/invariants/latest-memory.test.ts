import { expect, test } from 'vitest';
import type { VmCopy } from '#ports';
import { checkScenario } from '../scenario/mod.ts';
import type { SimCopy } from '../world/host.ts';
import { testWorld } from '../world/test-world.ts';
import type { World } from '../world/world.ts';
import { memoryIsLatest } from './latest-memory.ts';

const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], until: 1 }, 's');

/** What the invariant says about one VM whose copies on hosts become that, one after the other. */
function said(changes: readonly (readonly [host: string, state: VmCopy['state']])[]): string[] {
  const { hosts, host } = testWorld(['n1', 'n2']);
  const found: string[] = [];
  const watcher = memoryIsLatest({
    scenario,
    nowSeconds: () => 0,
    violate: (_invariant, why) => found.push(why),
    world: () => ({ hosts: new Map(hosts.map((each) => [each.name, each])) }) as unknown as World, // all it looks at
  });
  for (const [name, state] of changes) {
    const on = host(name);
    const vm = 'vm-1' as SimCopy['vm']; // a name of one
    const copy = on.copies.get(vm) ?? { vm, epoch: 1, state: 'off', reason: undefined, guest: 'up' };
    on.copies.set(vm, copy);
    const before = copy.state;
    copy.state = state;
    watcher.copyChanged?.(on, copy, before);
  }
  return found;
}

test('a copy that is resumed where it was suspended keeps it, if the VM ran nowhere else', () => {
  expect(
    said([
      ['n1', 'running'],
      ['n1', 'suspended'],
      ['n1', 'running'],
    ]),
  ).toEqual([]);
});

test('a copy that is resumed after the VM ran elsewhere breaks it', () => {
  const elsewhere = [
    ['n1', 'running'],
    ['n1', 'suspended'],
    ['n2', 'running'],
    ['n2', 'off'],
    ['n1', 'running'],
  ] as const;
  expect(said(elsewhere)).toEqual(['vm-1 was resumed on n1, but ran elsewhere since']);
});

test('a copy that was suspended while the VM ran on elsewhere breaks it', () => {
  const beside = [
    ['n1', 'running'],
    ['n2', 'running'],
    ['n1', 'suspended'],
    ['n1', 'running'],
  ] as const;
  expect(said(beside)).toEqual(['vm-1 was resumed on n1, but ran elsewhere since']);
});
