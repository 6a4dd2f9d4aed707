import { expect, test } from 'vitest';
import { budgetsFor } from './smallest-schedules.ts';

test.each([
  [0, []],
  [1, [150]],
  [2, [150, 150]],
])('%d failing seeds may take %j runs', (failed, budgets) => {
  expect(budgetsFor(failed)).toEqual(budgets);
});

test('every one of a few is shrunk, and however many there are the work stays bounded', () => {
  expect(budgetsFor(40).every((budget) => budget >= 30)).toBe(true);
  const many = budgetsFor(1000);
  expect(many[0]).toBeGreaterThan(0);
  expect(many.at(-1)).toBe(0);
  expect(many.reduce((sum, budget) => sum + budget, 0)).toBeLessThanOrEqual(1500);
});
