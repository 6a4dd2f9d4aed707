import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const backoff = { firstMs: 50, maxMs: 5_000 };

test('waits double up to the longest, each between half and whole', () => {
  const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => backoffMs(backoff, attempt, () => 0.999_999));
  expect(whole.map(Math.round)).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, chance) => {
        const wait = backoffMs(backoff, attempt, () => chance);
        const most = Math.min(5_000, 50 * 2 ** (attempt - 1));
        expect(wait).toBeGreaterThanOrEqual(most / 2);
        expect(wait).toBeLessThanOrEqual(most);
      },
    ),
  );
});
