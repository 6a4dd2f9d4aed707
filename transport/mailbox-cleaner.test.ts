import { expect, test } from 'vitest';
import { MailboxCleaner } from './mailbox-cleaner.ts';

function recording() {
  const removals: string[] = [];
  const gone: number[] = [];
  let position = 0;
  const cleaner = new MailboxCleaner({
    deleter: {
      delete: (sequence) => void removals.push(`${sequence}`),
      purge: (_filter, sequence) => void removals.push(`<${sequence}`),
    },
    filter: 'q.1.>',
    position: () => position,
    onAcknowledged: () => {},
  });
  const see = (from: number, to: number): void => {
    for (position = from; position < to; position += 1) cleaner.seen(position);
    cleaner.seen(position);
  };
  const acknowledge = (sequence: number): void => cleaner.acknowledged(sequence, () => void gone.push(sequence));
  return { removals, gone, cleaner, see, acknowledge };
}

test('a partition is done with below its oldest open message, or up to what was seen', () => {
  const { cleaner, see, acknowledge } = recording();
  expect(cleaner.low).toBe(1);
  see(5, 8);
  expect(cleaner.low).toBe(5);
  for (const sequence of [8, 5, 6]) acknowledge(sequence);
  expect(cleaner.low).toBe(7);
  acknowledge(7);
  expect(cleaner.low).toBe(9);
});

test('what a purge has covered is gone, the rest counts its rounds', () => {
  const { cleaner, see, acknowledge, gone, removals } = recording();
  see(1, 4);
  for (const sequence of [1, 2, 4]) acknowledge(sequence);
  cleaner.removedBelow(3);
  expect(gone).toEqual([1, 2]);
  expect(cleaner.waitsBelow).toBe(5);
  cleaner.removeLeft(2);
  expect(removals).toEqual([]);
  cleaner.removedBelow(3);
  cleaner.removeLeft(2);
  expect(removals).toEqual(['4']);
  expect(cleaner.waitsBelow).toBeUndefined();
});

test('many left ones go by one purge, never past the oldest open one; those beyond it one by one', () => {
  const { cleaner, see, acknowledge, removals } = recording();
  see(1, 40);
  for (let sequence = 40; sequence >= 1; sequence -= 1) if (sequence !== 30) acknowledge(sequence);
  cleaner.removeLeft(0);
  expect(removals[0]).toBe('<30');
  expect(removals.slice(1).map(Number).sort()).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
});

test('closing removes what is acknowledged; a late acknowledgement is removed at once', () => {
  const { cleaner, see, acknowledge, removals } = recording();
  see(1, 3);
  acknowledge(1);
  acknowledge(3);
  cleaner.close();
  expect([...removals].sort()).toEqual(['1', '3']);
  acknowledge(2);
  expect(removals).toContain('2');
});
