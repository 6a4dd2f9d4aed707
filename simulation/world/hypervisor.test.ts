import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { HypervisorError } from '#ports';
import { SimHypervisors } from './hypervisor.ts';
import { testWorld } from './test-world.ts';

const [n1, vm] = [nodeId('n1'), vmId('vm-1')];
const spec = { vm, cpus: 1, memoryMiB: 1, disk: '' };

function setUp() {
  const world = testWorld(['n1']);
  const { time, random } = world;
  const hypervisors = new SimHypervisors({
    time,
    random,
    diskReachable: ({ links }) => links.storage,
    changed: () => {},
    peer: () => undefined,
  });
  const host = world.host('n1');
  const open = () => hypervisors.open(host.startProcess());
  const copy = () => host.copies.get(vm);
  return { ...world, n1: host, hypervisors, open, copy };
}

test('calls take time and do what they say', async () => {
  const { open, drive, time, copy } = setUp();
  const hypervisor = open();
  await drive(hypervisor.start(spec, 3));
  expect(time.now).toBeGreaterThan(500);
  expect(copy()).toMatchObject({ state: 'running', epoch: 3 });
  await drive(hypervisor.suspend(vm));
  expect(copy()?.state).toBe('suspended');
  await drive(hypervisor.resume(vm));
  await drive(hypervisor.destroy(vm));
  expect(copy()).toMatchObject({ state: 'off', reason: 'destroyed' });
  await drive(hypervisor.remove(vm));
  expect(copy()).toBeUndefined();
});

test('without its disk a VM does not start; a copy that does not suspend says so', async () => {
  const { open, drive, n1: host, hypervisors } = setUp();
  const hypervisor = open();
  host.links.storage = false;
  await expect(drive(hypervisor.start(spec, 1))).rejects.toThrow(HypervisorError);
  host.links.storage = true;
  await drive(hypervisor.start(spec, 1));
  hypervisors.faults.suspendFails.add(vm);
  await expect(drive(hypervisor.suspend(vm))).rejects.toThrow('does not suspend');
});

test('a failing call fails, and did it all the same now and then', async () => {
  const { open, drive, hypervisors, copy } = setUp();
  const hypervisor = open();
  hypervisors.trouble(n1).fails.add('suspend');
  const after: unknown[] = [];
  for (let i = 0; i < 20; i += 1) {
    hypervisors.trouble(n1).fails.delete('suspend');
    await drive(hypervisor.start(spec, 1).catch(() => hypervisor.resume(vm)));
    hypervisors.trouble(n1).fails.add('suspend');
    await expect(drive(hypervisor.suspend(vm))).rejects.toThrow(HypervisorError);
    after.push(copy()?.state);
  }
  expect(new Set(after)).toEqual(new Set(['running', 'suspended']));
});

test('a call that hangs is done when the hanging ends, also when the agent that made it is long dead', async () => {
  const { open, pass, n1: host, hypervisors, copy } = setUp();
  hypervisors.trouble(n1).hangs.add('start');
  void open().start(spec, 1);
  await pass(5000);
  expect(copy()?.state).toBe('off');
  host.killProcess();
  hypervisors.trouble(n1).hangs.delete('start');
  hypervisors.troubleChanged();
  await pass(10);
  expect(copy()?.state).toBe('running');
});

test('calls about one VM are done one after the other, and its start is listed at once', async () => {
  const { open, pass, n1: host, hypervisors, copy } = setUp();
  hypervisors.trouble(n1).hangs.add('start');
  void open().start(spec, 1);
  await pass(5000);
  expect(copy()?.state).toBe('off');
  host.killProcess();
  let destroyed = false;
  void open()
    .destroy(vm)
    .then(() => {
      destroyed = true;
    });
  await pass(5000);
  expect(destroyed).toBe(false);
  hypervisors.trouble(n1).hangs.delete('start');
  hypervisors.troubleChanged();
  await pass(5000);
  expect([destroyed, copy()?.state]).toEqual([true, 'off']);
});

test('nothing outlives the power', async () => {
  const { open, pass, n1: host, copy } = setUp();
  void open().start(spec, 1);
  host.powerOff();
  host.powerOn();
  await pass(5000);
  expect(copy()).toBeUndefined();
});

test('a guest obeys the power button once it has booted, not when it hangs or panicked', async () => {
  for (const ails of [undefined, 'hang', 'panic'] as const) {
    const { open, drive, pass, hypervisors, copy } = setUp();
    const hypervisor = open();
    await drive(hypervisor.start(spec, 1));
    await pass(30_000);
    const now = copy();
    expect(now?.guest).toBe('up');
    if (ails !== undefined && now !== undefined) hypervisors.guests[ails](now);
    await drive(hypervisor.shutdown(vm));
    await pass(30_000);
    expect(copy()?.state).toBe(ails === undefined ? 'off' : 'running');
  }
});

test('a guest that fails to boot does so as often as asked', async () => {
  const { open, drive, pass, hypervisors, copy } = setUp();
  const hypervisor = open();
  hypervisors.guests.bootFails.set(vm, 1);
  for (const guest of ['not-booted', 'up']) {
    await drive(hypervisor.start(spec, 1));
    await pass(30_000);
    expect(copy()?.guest).toBe(guest);
    await drive(hypervisor.destroy(vm));
  }
});
