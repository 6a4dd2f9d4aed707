import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Address, TransportUnavailable } from '#actors';
import { type LineItem, MailboxLine } from './mailbox-line.ts';
import { passVanished } from './pass-vanished.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function item(sequence: number): LineItem {
  const message = { id: `${sequence}`, to: 'vm/a' as Address, from: 'vm/b', event: { type: 'x' } };
  return { message, sequence, position: sequence, released: () => {} };
}

/** Of six messages two are in memory, four left in the stream; a letter waits behind them. */
function lineWithSkipped() {
  const handed: LineItem[] = [];
  const line = new MailboxLine({ hand: (each) => handed.push(each), vanished: () => {} });
  for (let i = 1; i <= 6; i += 1) line.offer(item(i), 2);
  line.offer({ ...item(7), packed: true }, 2);
  const settle = (): number[] => {
    const taken = handed.splice(0);
    for (const each of taken) {
      line.acknowledged(each);
      line.removed(each);
    }
    return taken.map(({ sequence }) => sequence);
  };
  return { line, settle };
}

test('messages that another owner took are asked for once nothing else is left to do, and passed over', async () => {
  const { line, settle } = lineWithSkipped();
  const asked: number[] = [];
  let goesOn = true;
  const isStored = async (sequence: number): Promise<boolean> => {
    asked.push(sequence);
    if (asked.length === 1) throw new TransportUnavailable('no leader');
    return false;
  };
  const over = passVanished(line, isStored, () => goesOn);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked, 'while messages are in memory').toEqual([]);
  settle();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual([3, 3, 4, 5, 6]);
  expect(settle()).toEqual([7]);
  goesOn = false;
  await over;
});

test('what is still stored is left to be read', async () => {
  const { line, settle } = lineWithSkipped();
  settle();
  let goesOn = true;
  const over = passVanished(
    line,
    async (sequence) => sequence > 4,
    () => goesOn,
  );
  await vi.advanceTimersByTimeAsync(5_000);
  expect(line.unreadFrom).toBe(5);
  expect(settle()).toEqual([]);
  goesOn = false;
  await vi.advanceTimersByTimeAsync(5_000);
  await over;
});
