import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { type Slot, StorageUnavailable } from '#ports';
import { SeededRandom } from '../seeded-random.ts';
import { SimStorageTarget } from './storage.ts';
import { testWorld } from './test-world.ts';

const n1 = nodeId('n1');
const slot = (sequence: number): Slot => ({ node: n1, incarnation: 1, sequence, state: 'running' });

function setUp(seed = 'faults') {
  const world = testWorld(['n1', 'n2']);
  const landed: number[] = [];
  const target = new SimStorageTarget(world.time, new SeededRandom(seed), {
    leaseWritten: () => {},
    slotWritten: (_before, after) => landed.push(after.sequence),
  });
  const storage = target.open(world.host('n1').startProcess());
  return { ...world, target, storage, landed };
}

test('a slow path takes its time', async () => {
  const { target, storage, drive, time } = setUp();
  target.path(n1).slowMs = 3000;
  await drive(Promise.all([1, 2, 3, 4].map((sequence) => storage.writeSlot(slot(sequence)))));
  expect(time.now).toBeGreaterThan(1000);
});

test('a write that hangs in the target is reported lost and lands when the hanging ends', async () => {
  const { target, storage, drive, landed } = setUp();
  target.path(n1).hangs = true;
  await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
  expect(landed).toEqual([]);
  target.path(n1).hangs = false;
  target.pathChanged();
  expect(landed).toEqual([1]);
});

test('an answer that is lost leaves the writer in doubt about a write that landed', async () => {
  const { target, storage, drive, landed } = setUp();
  target.path(n1).answersLost = true;
  await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
  expect(landed).toEqual([1]);
});

test('with the way to the target cut a write does not land, and what was asked before is answered', async () => {
  const { target, storage, drive, landed, pass } = setUp();
  target.path(n1).slowMs = 3000;
  const asked = storage.writeSlot(slot(1));
  while (landed.length === 0) await pass(1);
  target.path(n1).requestsLost = true;
  await drive(asked);
  await expect(drive(storage.writeSlot(slot(2)))).rejects.toThrow(StorageUnavailable);
  expect(landed).toEqual([1]);
});

test('a write whose answer was lost may land once more, after newer ones', async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 30; seed += 1) {
    const { target, storage, drive, landed, pass } = setUp(`twice ${seed}`);
    target.path(n1).answersLost = true;
    await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
    target.path(n1).answersLost = false;
    target.pathChanged();
    await drive(storage.writeSlot(slot(2)));
    await pass(5000);
    orders.add(landed.join());
  }
  expect([...orders].sort()).toEqual(['1,1,2', '1,2', '1,2,1']);
});

test('a failing path fails at once; some of the failed writes landed', async () => {
  const { target, storage, drive, landed, time } = setUp();
  target.path(n1).errorPercent = 100;
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    await expect(drive(storage.writeSlot(slot(sequence)))).rejects.toThrow(StorageUnavailable);
  }
  expect(time.now).toBeLessThan(1000);
  expect(landed.length).toBeGreaterThan(3);
  expect(landed.length).toBeLessThan(17);
});

test('a write that was given up may land after newer ones, once the path is back', async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 30; seed += 1) {
    const { target, storage, drive, landed, host, pass } = setUp(`late ${seed}`);
    host('n1').links.storage = false;
    await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
    host('n1').links.storage = true;
    target.pathChanged();
    await drive(storage.writeSlot(slot(2)));
    await pass(5000);
    orders.add(landed.join());
  }
  expect([...orders].sort()).toEqual(['1,2', '2', '2,1']);
});

test('what waited in a host goes with its power', async () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const { target, storage, drive, landed, host, pass } = setUp(`late ${seed}`);
    host('n1').links.storage = false;
    await expect(drive(storage.writeSlot(slot(1)))).rejects.toThrow(StorageUnavailable);
    host('n1').powerOff();
    host('n1').powerOn();
    host('n1').links.storage = true;
    target.pathChanged();
    await pass(5000);
    expect(landed).toEqual([]);
  }
});
