import { expect, test } from 'vitest';
import { nodeId, timingsFor } from '#machines';
import { type SharedStorage, type StartCount, StorageUnavailable } from '#ports';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { SlotHeartbeat } from './slot-heartbeat.ts';

test('one that is opened again while its storage is slow counts one start: what it says never goes back', async () => {
  const time = new VirtualTime();
  const counted: StartCount[] = [];
  const answers: ((won: boolean) => void)[] = [];
  const storage = {
    readStartCount: async () => counted.at(-1),
    readSlots: async () => [],
    compareAndWriteStartCount: (_expected: StartCount | undefined, next: StartCount) => {
      counted.push(next);
      return new Promise<boolean>((resolve) => answers.push(resolve));
    },
  };
  const heartbeat = new SlotHeartbeat({
    node: nodeId('n1'),
    freshBoot: true,
    clock: { nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) },
    storage: storage as typeof storage & SharedStorage, // the rest of the interface is not called
    timings: timingsFor({ sensitivity: 'high', confirmingFence: false }),
    beforeWrite: () => {},
    onError: () => {},
  });
  const first = heartbeat.open();
  await time.run(1, () => {});
  const second = heartbeat.open();
  await time.run(2, () => {});
  for (const answer of answers.toReversed()) {
    answer(true);
    await time.run(time.now + 1, () => {});
  }
  await Promise.all([first, second]);
  expect([heartbeat.incarnation, counted.length]).toEqual([counted.at(-1)?.incarnation, 1]);
});

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
