import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MailboxCleaner } from './mailbox-cleaner.ts';
import type { MessageDeleter } from './message-deleter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recording() {
  const removed: string[] = [];
  const deleter: Pick<MessageDeleter, 'delete' | 'purge' | 'idle'> = {
    delete: (sequence) => void removed.push(`${sequence}`),
    purge: (_filter, sequence) => void removed.push(`<${sequence}`),
    idle: () => Promise.resolve(),
  };
  // The cleaner uses these three only.
  return { removed, cleaner: new MailboxCleaner(deleter as MessageDeleter, 'm.>') };
}

test('many acknowledged messages go by one purge, never past the oldest open one', () => {
  const { removed, cleaner } = recording();
  for (let i = 1; i <= 40; i += 1) cleaner.seen(i);
  for (let i = 40; i >= 1; i -= 1) if (i !== 30) cleaner.acknowledged(i);
  vi.advanceTimersByTime(1_000);
  expect(removed).toEqual(['<30']);
  vi.advanceTimersByTime(1_000);
  expect(removed.slice(1).map(Number).sort()).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
});

test('closing removes what is acknowledged; a late acknowledgement is removed at once', async () => {
  const { removed, cleaner } = recording();
  for (const i of [1, 2, 3]) cleaner.seen(i);
  cleaner.acknowledged(1);
  cleaner.acknowledged(3);
  await cleaner.close();
  expect([...removed].sort()).toEqual(['1', '3']);
  cleaner.acknowledged(2);
  expect(removed).toContain('2');
});
