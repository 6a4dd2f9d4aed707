import { expect, test } from 'vitest';

function neverReturns(): void {
  for (;;) if (Math.abs(-1) < 0) return;
}

test('returns', () => {
  expect(true).toBe(true);
});

// Its own limit is of no use: nobody gets to look at a clock.
test('never returns', { timeout: 100 }, () => {
  neverReturns();
});
