import { expect, test } from 'vitest';
import { nodeId, timingsFor, vmId } from '#machines';
import type { Hypervisor, SharedStorage, StartCount, VmCopy } from '#ports';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { FirstCheck } from './first-check.ts';
import { SlotHeartbeat } from './slot-heartbeat.ts';
import type { CopyPorts } from './start-copy.ts';

const [node, vm] = [nodeId('n1'), vmId('vm-1')];

test('a first check that was given up for slow ends nothing that was started since', async () => {
  const time = new VirtualTime();
  const clock = { nowMs: () => time.now, after: (ms: number, fire: () => void) => time.after(ms, fire) };
  const timings = timingsFor({ sensitivity: 'high', confirmingFence: false });
  const ended: string[] = [];
  const listings: ((copies: VmCopy[]) => void)[] = [];
  let count: StartCount | undefined;
  const storage: Partial<SharedStorage> = {
    readStartCount: async () => count,
    compareAndWriteStartCount: async (_, next) => {
      count = next;
      return true;
    },
    readSlots: async () => [],
    readLeases: async () => [],
    writeSlot: async () => {},
  };
  const hypervisor: Partial<Hypervisor> = {
    list: () => new Promise((resolve) => listings.push(resolve)),
    destroy: async () => void ended.push('destroyed'),
    remove: async () => void ended.push('removed'),
  };
  const given = { storage, hypervisor } as Pick<CopyPorts, 'storage' | 'hypervisor'>; // the rest is not called
  const heartbeat = new SlotHeartbeat({
    ...{ node, freshBoot: true, clock, timings, storage: given.storage },
    ...{ beforeWrite: () => {}, onError: () => {} },
  });
  const ports = { ...given, node, clock, incarnation: () => heartbeat.incarnation } as CopyPorts; // nor is that
  const check = new FirstCheck({
    ...{ clock, hypervisor: given.hypervisor, heartbeat, ports, freshBoot: true, timings, note: () => {} },
  });
  const first = check.pass().catch(() => 'gave up');
  await time.run(10_000, () => {});
  expect(await first).toBe('gave up');
  const second = check.pass();
  await time.run(10_001, () => {});
  listings[1]?.([]);
  await time.run(15_000, () => {});
  expect(await second).toBe(true);
  listings[0]?.([{ vm, epoch: 1, state: 'running' }]);
  await time.run(20_000, () => {});
  heartbeat.stop();
  expect(ended).toEqual([]);
});
