import { expect, test } from 'vitest';
import type { Address } from '#actors';
import { MailboxLimit } from './mailbox-limit.ts';

const address = 'vm/a' as Address;

function mailbox() {
  const found = { depth: 0, asked: 0 };
  const limit = new MailboxLimit(100, async () => {
    found.asked += 1;
    return found.depth;
  });
  const send = () =>
    limit.admit(address, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      found.depth += 1;
    });
  return { found, limit, send };
}

test('a mailbox at its limit refuses, and takes messages again when it drained', async () => {
  const { found, send } = mailbox();
  for (let sent = 0; sent < 100; sent += 1) await send();
  await expect(send()).rejects.toMatchObject({ code: 'MAILBOX_FULL', retryable: true });
  expect(found.asked).toBeLessThan(20);
  found.depth = 0;
  await expect(send()).resolves.toBeUndefined();
});

test('a thousand messages at once do not slip through together: those under way count', async () => {
  const { found, send } = mailbox();
  const results = await Promise.allSettled(Array.from({ length: 1_000 }, send));
  expect(found.depth).toBe(100);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
  expect(found.asked).toBeLessThan(30);
});

test('those of a question that fails are told, and the next ask anew', async () => {
  let fails = true;
  const limit = new MailboxLimit(5, async () => {
    if (fails) throw new Error('not connected');
    return 0;
  });
  await expect(limit.admit(address, async () => 1)).rejects.toThrow('not connected');
  fails = false;
  expect(await limit.admit(address, async () => 1)).toBe(1);
});

test('an actor that sends is told that a mailbox is full, and that it drained', async () => {
  const { found, limit } = mailbox();
  const full: boolean[] = [];
  for (found.depth = 1; found.depth <= 101; found.depth += 1) full.push(await limit.isFull(address));
  expect(full.indexOf(true)).toBe(100);
  expect(found.asked).toBeLessThan(20);
  found.depth = 0;
  expect(await limit.isFull(address)).toBe(false);
});
