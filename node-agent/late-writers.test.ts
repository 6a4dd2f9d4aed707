import { expect, test } from 'vitest';
import { vmId } from '#machines';
import type { Hypervisor, VmCopy } from '#ports';
import { LateWriters } from './late-writers.ts';

const vm = vmId('web');

function watched(lateWriteBoundMs?: number) {
  const now = { ms: 1000, goodWriteBeganMs: 900 };
  const copies: VmCopy[] = [{ vm, epoch: 1, state: 'running' }];
  const late = new LateWriters({
    clock: { nowMs: () => now.ms, after: () => ({ cancel: () => {} }) },
    lateWriteBoundMs,
    goodWriteBeganMs: () => now.goodWriteBeganMs,
  });
  const done = async () => {};
  const calls = { suspend: done, destroy: done, remove: done, resume: done, list: async () => copies };
  const hypervisor = late.watch(calls as typeof calls & Hypervisor); // the rest of the interface is not called
  const listed = async (copy: Omit<VmCopy, 'vm' | 'epoch'>) => {
    copies[0] = { vm, epoch: 1, ...copy };
    await hypervisor.list();
  };
  return { now, late, hypervisor, listed };
}

test('a copy that was forced off may write late, for good when its transport promises nothing', async () => {
  const { now, late, hypervisor, listed } = watched();
  await listed({ state: 'running' });
  await hypervisor.destroy(vm);
  now.ms += 1e6;
  expect(late.vms).toEqual([vm]);
});

test('it may write no more once its transport gave up', async () => {
  const { now, late, hypervisor } = watched(2000);
  await hypervisor.destroy(vm);
  now.ms += 2000;
  expect(late.vms).toEqual([vm]);
  now.ms += 1;
  expect(late.vms).toEqual([]);
});

test('a copy whose suspend was answered has nothing in flight, also when it is removed; one that runs again has', async () => {
  const { late, hypervisor } = watched();
  await hypervisor.suspend(vm);
  await hypervisor.remove(vm);
  expect(late.vms).toEqual([]);
  await hypervisor.resume(vm);
  await hypervisor.remove(vm);
  expect(late.vms).toEqual([vm]);
});

test.each([
  ['crashed', [vm]],
  ['unknown', [vm]],
  ['destroyed', [vm]],
  ['guest-shutdown', []],
  ['migrated', []],
  ['lost', []],
] as const)('a copy that ended by itself: %s', async (reason, expected) => {
  const { late, listed } = watched();
  await listed({ state: 'off', reason });
  expect(late.vms).toEqual(expected);
});

test('on a host that is well a slot write that began after the end shows that its writes have landed', async () => {
  const { now, late, listed } = watched();
  await listed({ state: 'off', reason: 'crashed' });
  late.pathIsWell();
  expect(late.vms).toEqual([vm]);
  now.goodWriteBeganMs = 1001;
  late.pathIsWell();
  expect(late.vms).toEqual([]);
});
