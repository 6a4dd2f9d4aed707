import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { HypervisorError } from '#ports';
import { SimHypervisors } from './hypervisor.ts';
import { testWorld } from './test-world.ts';

const [n2, vm] = [nodeId('n2'), vmId('vm-1')];

/** vm-1 runs on n1 and is migrated to n2, which is reached as long as `links.up`. */
async function migrating() {
  const world = testWorld(['n1', 'n2']);
  const { time, random, drive } = world;
  const links = { up: true, delayMs: 0 };
  const seen: string[] = [];
  const hypervisors = new SimHypervisors({
    ...{ time, random, diskReachable: () => true, migrationDelayMs: () => links.delayMs },
    changed: (host, copy) => seen.push(`${host.name} ${copy.state}`),
    peer: () => (links.up ? world.host('n2') : undefined),
  });
  const [from, to] = ['n1', 'n2'].map((name) => hypervisors.open(world.host(name).startProcess()));
  if (from === undefined || to === undefined) throw new RangeError('no hosts');
  hypervisors.place(world.host('n1'), vm, 1);
  seen.length = 0;
  const listed = async () => {
    const lists = [await drive(from.list()), await drive(to.list())];
    return lists.map((list) =>
      list.map(({ epoch, state, reason }) => [epoch, state, reason].filter(Boolean).join(' ')),
    );
  };
  const ended = from.migrate(vm, n2, 2).then(
    () => 'migrated',
    (error: unknown) => (error instanceof HypervisorError ? 'failed' : 'not as it should'),
  );
  return { ...world, hypervisors, from, to, links, seen, listed, ended: () => drive(ended) };
}

test('its source runs until the end, then stands; the copy at the target is whole before the source is off', async () => {
  const { pass, listed, ended, seen } = await migrating();
  await pass(500);
  expect(await listed()).toEqual([['1 running'], ['2 running']]);
  expect(seen).toEqual([]);
  expect(await ended()).toBe('migrated');
  expect(seen).toEqual(['n1 suspended', 'n2 suspended', 'n1 off']);
  expect(await listed()).toEqual([['1 off migrated'], ['2 suspended']]);
});

test('one that is to fail does so before its source stands, while it stands, or unheard', async () => {
  const { hypervisors, from, to, drive, pass, seen, ended, listed } = await migrating();
  hypervisors.faults.migrateFails.set(vm, 40);
  expect(await ended()).toBe('failed');
  const found = new Set<string>();
  for (let tries = 1; tries < 40; tries += 1) {
    await pass(10);
    const [here, there] = await listed();
    expect(here).toEqual(['1 running']);
    found.add([...seen.splice(0), ...(there ?? []).map((copy) => `left: ${copy}`)].join(', '));
    await drive(to.remove(vm));
    seen.length = 0;
    await expect(drive(from.migrate(vm, n2, 2))).rejects.toThrow(HypervisorError);
  }
  expect([...found].sort()).toEqual([
    'n1 suspended, n1 running, n2 off',
    'n1 suspended, n2 suspended, n1 running, left: 2 suspended',
    'n2 off',
  ]);
});

test('a source that hears no word of its copy runs on, and the target keeps it', async () => {
  const { links, pass, seen, ended, listed } = await migrating();
  while (!seen.includes('n2 suspended')) await pass(1);
  links.up = false;
  expect(await ended()).toBe('failed');
  expect(seen).toEqual(['n1 suspended', 'n2 suspended', 'n1 running']);
  expect(await listed()).toEqual([['1 running'], ['2 suspended']]);
});

test('a copy that is suspended while it migrates runs again when that fails', async () => {
  const { from, links, drive, pass, seen, ended, listed } = await migrating();
  await pass(300);
  await drive(from.suspend(vm));
  expect(seen).toEqual(['n1 suspended']);
  expect((await listed())[0]).toEqual(['1 running']); // it may run at any moment
  links.up = false;
  expect(await ended()).toBe('failed');
  expect((await listed())[0]).toEqual(['1 running']);
  expect(seen).toEqual(['n1 suspended', 'n1 running']);
});

test('settling aborts it: the source runs on, and a suspend afterwards lasts', async () => {
  const { from, drive, pass, ended, listed } = await migrating();
  await pass(300);
  await drive(from.settle(vm));
  expect(await ended()).toBe('failed');
  expect(await listed()).toEqual([['1 running'], []]);
  await drive(from.suspend(vm));
  await pass(10_000);
  expect((await listed())[0]).toEqual(['1 suspended']);
});

test('a source that is forced off while it migrates is off, and nothing arrives', async () => {
  const { from, drive, pass, ended, listed } = await migrating();
  await pass(300);
  await drive(from.destroy(vm));
  expect(await ended()).toBe('failed');
  expect(await listed()).toEqual([['1 off destroyed'], []]);
});

test('what arrives can be ended at the target, and nothing else; then the source runs on', async () => {
  const { to, drive, pass, ended, listed } = await migrating();
  await pass(500);
  await expect(drive(to.resume(vm))).rejects.toThrow(HypervisorError);
  await expect(drive(to.suspend(vm))).rejects.toThrow(HypervisorError);
  await drive(to.destroy(vm));
  expect(await ended()).toBe('failed');
  expect((await listed())[0]).toEqual(['1 running']);
});

test('bad links between the two hold it up, also while its source stands', async () => {
  const { links, pass, seen, ended } = await migrating();
  links.delayMs = 5000;
  await pass(5000);
  expect(seen).toEqual([]);
  while (seen.length === 0) await pass(1);
  await pass(4900);
  expect(seen).toEqual(['n1 suspended']);
  expect(await ended()).toBe('migrated');
});
