import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { type SharedStorage, type Slot, type StartCount, StorageUnavailable } from '#ports';
import { countStart } from './count-start.ts';

const node = nodeId('n1');

/** Only what is asked here. */
function storageWith(slots: readonly Slot[], count?: StartCount) {
  const storage = {
    count,
    readSlots: async () => slots,
    readStartCount: async () => storage.count,
    compareAndWriteStartCount: async (expected: StartCount | undefined, next: StartCount) => {
      if (expected?.starts !== storage.count?.starts) return false;
      storage.count = next;
      return true;
    },
  };
  return storage as typeof storage & SharedStorage; // the rest of the interface is not called
}

const slot = (incarnation: number, sequence: number): Slot => ({ node, incarnation, sequence, state: 'running' });

test.each([
  ['a node that nobody has seen', [], undefined, true, { incarnation: 1, starts: 1 }],
  ['an agent restarted before anything was written', [], undefined, false, { incarnation: 1, starts: 1 }],
  ['a node that was given a slot beforehand', [slot(1, 1)], undefined, false, { incarnation: 1, starts: 1 }],
  ['an agent restarted', [slot(3, 9)], { incarnation: 3, starts: 4 }, false, { incarnation: 3, starts: 5 }],
  ['a host booted', [slot(3, 9)], { incarnation: 3, starts: 4 }, true, { incarnation: 4, starts: 5 }],
  [
    'a slot taken back by a late write',
    [slot(2, 7)],
    { incarnation: 3, starts: 4 },
    false,
    { incarnation: 3, starts: 5 },
  ],
] as const)('%s', async (_, slots, count, freshBoot, expected) => {
  const storage = storageWith(slots, count === undefined ? undefined : { node, ...count });
  expect(await countStart(storage, node, freshBoot)).toEqual({ node, ...expected });
  expect(storage.count).toEqual({ node, ...expected });
});

test('a count that landed late is never given twice', async () => {
  const storage = storageWith([slot(1, 1)], { node, incarnation: 1, starts: 1 });
  storage.readSlots = async () => {
    storage.count = { node, incarnation: 1, starts: 2 }; // an earlier attempt, given up for lost
    return [];
  };
  await expect(countStart(storage, node, false)).rejects.toBeInstanceOf(StorageUnavailable);
  storage.readSlots = async () => [];
  expect(await countStart(storage, node, false)).toMatchObject({ starts: 3 });
});
