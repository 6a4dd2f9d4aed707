import { expect, test } from 'vitest';
import type { Address } from '#actors';
import { MailboxLimit } from './mailbox-limit.ts';

const address = 'vm/a' as Address;

test('a mailbox at its limit refuses, and takes messages again when it drained', async () => {
  let depth = 0;
  let asked = 0;
  const limit = new MailboxLimit(100, async () => {
    asked += 1;
    return depth;
  });
  for (; depth < 100; depth += 1) await limit.check(address);
  await expect(limit.check(address)).rejects.toMatchObject({ code: 'MAILBOX_FULL', retryable: true });
  expect(asked).toBeLessThan(20);
  depth = 0;
  await expect(limit.check(address)).resolves.toBeUndefined();
});
