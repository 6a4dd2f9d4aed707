import { expect, test } from 'vitest';
import { nodeId, timingsFor } from '#machines';
import { type SharedStorage, StorageUnavailable } from '#ports';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { SlotHeartbeat } from './slot-heartbeat.ts';

test('a heartbeat that is started again, as after each failed join, still writes and reads once an interval', async () => {
  const time = new VirtualTime();
  const timings = timingsFor({ sensitivity: 'high', confirmingFence: false });
  const calls = { writes: 0, reads: 0 };
  const storage = {
    writeSlot: async () => {
      calls.writes += 1;
      throw new StorageUnavailable('read-only');
    },
    readSlots: async () => {
      calls.reads += 1;
      return [];
    },
  };
  const heartbeat = new SlotHeartbeat({
    node: nodeId('n1'),
    freshBoot: false,
    clock: { nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) },
    storage: storage as typeof storage & SharedStorage, // the rest of the interface is not called
    timings,
    beforeWrite: () => {},
    onError: () => {},
  });
  for (let tries = 0; tries < 50; tries += 1) heartbeat.start();
  await time.run(timings.intervalMs * 10 - 1, () => {});
  heartbeat.stop();
  expect(calls).toEqual({ writes: 10, reads: 10 });
});
