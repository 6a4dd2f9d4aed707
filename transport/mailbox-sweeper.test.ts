import { expect, test } from 'vitest';
import { MemoryBus } from '../actors/memory-bus.ts';
import { systemClock } from '../actors/system-clock.ts';
import { MailboxCleaner } from './mailbox-cleaner.ts';
import { MailboxSweeper } from './mailbox-sweeper.ts';

/** Two hosts on one bus; the store's answer to a look-up is set by the test. */
function world() {
  const removals: string[] = [];
  const bus = new MemoryBus(systemClock);
  const empty = new Set<number>();
  const host = () => {
    const sweeper = new MailboxSweeper({
      identity: 'one',
      bus,
      partitions: 3,
      purge: (below, removed) => {
        removals.push(`all<${below}`);
        removed();
      },
      doneBelow: async (partition, from, head) => (empty.has(partition) ? head : from),
      settled: async () => {},
    });
    const serve = (partition: number, position: { at: number }): MailboxCleaner => {
      const cleaner = new MailboxCleaner({
        deleter: {
          delete: (sequence, removed) => {
            removals.push(`${sequence}`);
            removed?.();
          },
          purge: (_filter, below) => void removals.push(`${partition}<${below}`),
        },
        filter: `m.${partition}.>`,
        position: () => position.at,
        onAcknowledged: () => {},
      });
      sweeper.add(cleaner, partition);
      return cleaner;
    };
    return { sweeper, serve };
  };
  return { removals, empty, host };
}

function take(cleaner: MailboxCleaner, ...sequences: number[]): void {
  for (const sequence of sequences) cleaner.seen(sequence);
  for (const sequence of sequences) cleaner.acknowledged(sequence);
}

test('one purge goes up to where every partition of every host is done with', async () => {
  const { removals, host } = world();
  const [a, b] = [host(), host()];
  const position = { at: 20 };
  const [one, two, three] = [a.serve(0, position), a.serve(1, position), b.serve(2, { at: 15 })];
  take(one, 3, 7);
  take(two, 4, 18);
  take(three, 9);
  await b.sweeper.hurry();
  await a.sweeper.hurry();
  expect(removals).toEqual(['all<16']);
  expect(one.waitsBelow).toBeUndefined();
  expect(two.waitsBelow).toBe(19);
});

test.each([
  ['few: soon, one by one', 2, 2, ['all<5', '7']],
  ['many: after some rounds, by a purge of the partition', 70, 8, ['all<5', '0<21']],
])(
  'an open message of any partition is never purged; the others clean up alone, %s',
  async (_, count, rounds, wanted) => {
    const { removals, host } = world();
    const [a, b] = [host(), host()];
    const position = { at: 20 };
    const [one, other, held] = [a.serve(0, position), a.serve(1, { at: 20 }), b.serve(2, { at: 20 })];
    held.seen(5);
    await b.sweeper.hurry();
    take(one, 3, ...Array.from({ length: count - 1 }, (_, i) => 7 + i / count));
    for (let round = 1; round < rounds; round += 1) {
      await a.sweeper.hurry();
      expect(removals).toEqual(['all<5']);
    }
    await a.sweeper.hurry();
    expect(removals).toEqual(wanted);
    expect(other.waitsBelow).toBeUndefined();
  },
);

test('a partition that nobody serves is looked up; while something is stored there nothing goes past it', async () => {
  const { removals, empty, host } = world();
  const a = host();
  const one = a.serve(0, { at: 20 });
  a.serve(1, { at: 20 });
  take(one, 3);
  await a.sweeper.hurry();
  expect(removals).toEqual([]);
  empty.add(2);
  await a.sweeper.hurry();
  expect(removals).toEqual(['all<21']);
});

test('who waits for a removal gets it at once, whoever holds the others up', async () => {
  const { removals, host } = world();
  const a = host();
  const [one] = [a.serve(0, { at: 20 }), a.serve(1, { at: 20 })];
  take(one, 3, 4);
  await a.sweeper.hurryFor(one);
  expect(removals).toEqual(['3', '4']);
});

test('what is acknowledged while a hurried round is under way gets a round of its own', async () => {
  const { removals, host } = world();
  const a = host();
  const [one] = [a.serve(0, { at: 20 }), a.serve(1, { at: 20 }), a.serve(2, { at: 20 })];
  take(one, 3);
  const first = a.sweeper.hurryFor(one);
  one.seen(30);
  one.acknowledged(30, () => {});
  await a.sweeper.hurryFor(one);
  await first;
  expect(removals).toEqual(['all<21', '30']);
  expect(one.waitsBelow).toBeUndefined();
});

test.each([
  ['few messages are removed one by one, without asking about other partitions', [3], ['3']],
  ['many by a round', Array.from({ length: 65 }, (_, i) => 3 + i / 65), ['all<21']],
])('a partition given up is clean, and stays known to be done with: %s', async (_what, sequences, wanted) => {
  const { removals, host } = world();
  const a = host();
  const [one, two, three] = [0, 1, 2].map((partition) => a.serve(partition, { at: 20 }));
  if (one === undefined || two === undefined || three === undefined) throw new Error('three were made');
  take(one, ...sequences);
  await a.sweeper.remove(one);
  expect(removals).toEqual(wanted);
  take(two, 12);
  await a.sweeper.hurry();
  expect(removals).toEqual([...wanted, 'all<21']);
});

test('a partition that is given up twice says nothing of another', async () => {
  const { removals, empty, host } = world();
  const { sweeper, serve } = host();
  empty.add(2);
  const position = { at: 20 };
  const [waiting, given] = [serve(0, position), serve(1, position)];
  take(waiting, 1);
  waiting.seen(2); // not taken yet
  take(given, 3, 18);
  await Promise.all([sweeper.remove(given), sweeper.remove(given)]);
  empty.add(1);
  await sweeper.hurry();
  expect(removals.filter((removal) => removal.startsWith('all'))).toEqual(['all<2']);
});
