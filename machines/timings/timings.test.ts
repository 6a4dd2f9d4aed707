import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sensitivities, timingsFor, UnsafeTimings } from './timings.ts';

test.each([
  ['standard', 90_000, 130_000],
  ['medium-high', 70_000, 100_000],
  ['high', 45_000, 60_000],
  ['instant', 45_000, 60_000],
] as const)('%s takes over within its limit', (sensitivity, limit, trigger) => {
  const timings = timingsFor({ sensitivity, confirmingFence: true });
  expect(timings.takeoverBoundMs).toBeLessThanOrEqual(limit);
  expect(timings.triggerMs).toMatchObject({ hostFailure: trigger, fileSystemReadOnly: 85_000, stateMismatch: 0 });
});

test('instant is refused without a fence that confirms, and shows why', () => {
  expect(() => timingsFor({ sensitivity: 'instant', confirmingFence: false })).toThrow(/14000 \+ 10000 \+ 10000/);
});

test('a bound below what a host needs to isolate itself is refused with the sum', () => {
  const input = { sensitivity: 'high', confirmingFence: false, override: { takeoverBoundMs: 30_000 } } as const;
  expect(() => timingsFor(input)).toThrow(/= 36700 ms > takeover bound 30000 ms/);
});

test('whatever is accepted is safe', () => {
  const ms = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(
      fc.constantFrom(...sensitivities),
      fc.record(
        {
          guardianDeadlineMs: ms,
          suspendBudgetMs: ms,
          forceOffBudgetMs: ms,
          watchdogTimeoutMs: ms,
          takeoverBoundMs: ms,
        },
        { requiredKeys: [] },
      ),
      fc.integer({ min: 0, max: 20 }),
      (sensitivity, override, clockDriftPercent) => {
        try {
          const t = timingsFor({ sensitivity, confirmingFence: true, clockDriftPercent, override });
          const isolated = t.guardianDeadlineMs + t.suspendBudgetMs + t.forceOffBudgetMs;
          expect(isolated * (1 + clockDriftPercent / 100)).toBeLessThanOrEqual(t.takeoverBoundMs);
          expect(t.guardianDeadlineMs + t.watchdogTimeoutMs).toBeLessThan(t.takeoverBoundMs);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsafeTimings);
        }
      },
    ),
  );
});
