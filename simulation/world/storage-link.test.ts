import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { type LeaseSector, type Slot, StorageUnavailable } from '#ports';
import { SeededRandom } from '../seeded-random.ts';
import type { LinkQuality } from './link-quality.ts';
import { SimStorageTarget } from './storage.ts';
import { testWorld } from './test-world.ts';

const n1 = nodeId('n1');
const slot = (sequence: number): Slot => ({ node: n1, incarnation: 1, sequence, state: 'running' });
const lease: LeaseSector = {
  ...{ vm: vmId('vm-1'), epoch: 1, generation: 1, status: 'held', node: n1, incarnation: 1, sequence: 1 },
};
const GOOD: LinkQuality = { delayMs: 0, jitterMs: 0, lossPercent: 0, duplicatePercent: 0 };

/** A host whose storage link is like that. */
function setUp(quality: Partial<LinkQuality>, seed = 'link') {
  const world = testWorld(['n1']);
  const landed: number[] = [];
  const target = new SimStorageTarget(world.time, new SeededRandom(seed), {
    leaseWritten: () => {},
    slotWritten: (_before, after) => landed.push(after.sequence),
  });
  target.path(n1).link = { ...GOOD, ...quality };
  const storage = target.open(world.host('n1').startProcess());
  const heal = () => {
    target.path(n1).link = undefined;
    target.pathChanged();
  };
  return { ...world, storage, landed, heal };
}

test('delay comes on top, each way', async () => {
  const { storage, drive, time } = setUp({ delayMs: 100 });
  await drive(storage.writeSlot(slot(1)));
  expect(time.now).toBeGreaterThanOrEqual(200);
  expect(time.now).toBeLessThan(220);
});

test('with jitter the requests that a host has under way overtake each other', async () => {
  const { storage, drive, landed } = setUp({ jitterMs: 1000 });
  await drive(Promise.all([1, 2, 3, 4, 5, 6].map((sequence) => storage.writeSlot(slot(sequence)))));
  expect(landed).not.toEqual([1, 2, 3, 4, 5, 6]);
  expect(landed.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('what is lost is repeated: late instead of lost, and some land after their caller gave up', async () => {
  const { storage, drive, landed, pass } = setUp({ lossPercent: 60 });
  const outcomes = await drive(
    Promise.allSettled(Array.from({ length: 80 }, (_, sequence) => storage.writeSlot(slot(sequence)))),
  );
  const given = outcomes.flatMap(({ status }, sequence) => (status === 'rejected' ? [sequence] : []));
  const inTime = landed.length;
  expect(given.length).toBeGreaterThan(3);
  expect(given.length).toBeLessThan(60);
  await pass(30_000);
  expect(landed.length).toBeGreaterThan(inTime);
  for (const late of landed.slice(inTime)) expect(given).toContain(late);
});

test('a link that loses everything is as good as cut, and what was given up may land when it is well again', async () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const { storage, drive, landed, pass, heal } = setUp({ lossPercent: 100 }, `lost ${seed}`);
    await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
    expect(landed).toEqual([]);
    await pass(60_000);
    heal();
    await drive(storage.writeSlot(slot(2)));
    await pass(5000);
    found.add(landed.join());
  }
  expect([...found].sort()).toEqual(['1,2', '2', '2,1']);
});

test('a request that is repeated after a reconnect is done twice: a compare-and-write then fails for its own success', async () => {
  const { storage, drive, landed, time } = setUp({ duplicatePercent: 100 });
  expect(await drive(storage.compareAndWriteLease(undefined, lease))).toBe(false);
  expect(time.now).toBeGreaterThan(140);
  expect(await drive(storage.readLease(lease.vm))).toEqual(lease);
  await drive(storage.writeSlot(slot(1)));
  expect(landed).toEqual([1, 1]);
});
