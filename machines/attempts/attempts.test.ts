import { expect, test } from 'vitest';
import { MAX_ATTEMPTS, waitAfterAttemptMs } from './attempts.ts';

test('B5: 13 attempts, 650 s of waiting in all, then none', () => {
  const waits = Array.from({ length: MAX_ATTEMPTS }, (_, index) => waitAfterAttemptMs(index + 1) ?? 0);
  expect(waits.slice(0, 6)).toEqual([10_000, 10_000, 10_000, 10_000, 10_000, 60_000]);
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(650_000);
  expect(waitAfterAttemptMs(MAX_ATTEMPTS + 1)).toBeUndefined();
  expect(() => waitAfterAttemptMs(0)).toThrow(RangeError);
});
