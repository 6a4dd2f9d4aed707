import { expect, test } from 'vitest';
import type { Address, MailboxMessage } from '#actors';
import { ExternalWindow } from './external-window.ts';

function message(id: number, from = 'external:x'): MailboxMessage {
  return { id: `${id}`, to: 'vm/a' as Address, from, event: { type: 'x' } };
}

test('no more unremoved external messages than an actor remembers ids; order is kept across the wait', () => {
  const window = new ExternalWindow();
  const out: string[] = [];
  const admit = (each: MailboxMessage): void => window.admit(each, () => out.push(each.id));
  for (let i = 0; i < 30; i += 1) admit(message(i));
  admit(message(30, 'vm/b'));
  expect(out).toHaveLength(24);
  for (let i = 0; i < 6; i += 1) window.removed(message(i));
  expect(out).toEqual(Array.from({ length: 31 }, (_, i) => `${i}`));
});

test('messages between actors are never held back by themselves', () => {
  const window = new ExternalWindow();
  let out = 0;
  for (let i = 0; i < 100; i += 1) window.admit(message(i, 'vm/b'), () => (out += 1));
  expect(out).toBe(100);
});
