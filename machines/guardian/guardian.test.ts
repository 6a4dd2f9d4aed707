import fc from 'fast-check';
import { expect, test } from 'vitest';
import { vmId } from '../ids.ts';
import { type GuardianState, initialGuardian, stepGuardian } from './guardian.ts';

const timings = { guardianDeadlineMs: 10_000, suspendBudgetMs: 5000 };
const web = vmId('web');
const guarding: GuardianState = { mode: 'guarding', goodWriteBeganMs: 0, lastStepMs: 9000 };

test('within the deadline it only kicks', () => {
  const step = stepGuardian(guarding, { nowMs: 10_000, goodWriteBeganMs: 0, running: [web] }, timings);
  expect(step).toMatchObject({ suspend: [], forceOff: [], kickWatchdog: true, state: { mode: 'guarding' } });
});

test('B1: suspends, then forces off, kicks only once nothing runs, and goes back on a new write', () => {
  const lost = stepGuardian(guarding, { nowMs: 10_001, goodWriteBeganMs: 0, running: [web] }, timings);
  expect(lost).toMatchObject({ suspend: [web], kickWatchdog: false, state: { mode: 'isolating' } });
  const overdue = stepGuardian(lost.state, { nowMs: 15_001, goodWriteBeganMs: 0, running: [web] }, timings);
  expect(overdue).toMatchObject({ suspend: [], forceOff: [web], kickWatchdog: false });
  const off = stepGuardian(overdue.state, { nowMs: 16_000, goodWriteBeganMs: 0, running: [] }, timings);
  expect(off).toMatchObject({ kickWatchdog: true, storageBack: false, state: { mode: 'isolated' } });
  const back = stepGuardian(off.state, { nowMs: 17_000, goodWriteBeganMs: 16_500, running: [] }, timings);
  expect(back).toMatchObject({ kickWatchdog: true, storageBack: true, state: { mode: 'guarding' } });
});

test('a gap in its own schedule counts as lost storage, whatever was written meanwhile', () => {
  const step = stepGuardian(guarding, { nowMs: 30_000, goodWriteBeganMs: 29_999, running: [web] }, timings);
  expect(step).toMatchObject({ suspend: [web], kickWatchdog: false });
});

test('a hypervisor that does not answer leaves the host to the watchdog', () => {
  const step = stepGuardian(guarding, { nowMs: 12_000, goodWriteBeganMs: 0, running: undefined }, timings);
  expect(step).toMatchObject({ kickWatchdog: false, state: { mode: 'isolating' } });
});

test('a copy that appears in isolation is suspended again', () => {
  const step = stepGuardian(initialGuardian(0), { nowMs: 1, goodWriteBeganMs: 0, running: [web] }, timings);
  expect(step).toMatchObject({ suspend: [web], kickWatchdog: false });
});

test('it never kicks while a copy runs and the last good write is older than the deadline', () => {
  const move = fc.record({ after: fc.nat(12_000), wrote: fc.boolean(), runs: fc.constantFrom('yes', 'no', 'unknown') });
  fc.assert(
    fc.property(fc.array(move), (moves) => {
      let state: GuardianState = { mode: 'guarding', goodWriteBeganMs: 0, lastStepMs: 0 };
      let nowMs = 0;
      let written = 0;
      for (const { after, wrote, runs } of moves) {
        nowMs += after;
        if (wrote) written = nowMs;
        const running = runs === 'unknown' ? undefined : runs === 'yes' ? [web] : [];
        const step = stepGuardian(state, { nowMs, goodWriteBeganMs: written, running }, timings);
        if (step.kickWatchdog && runs !== 'no') expect(nowMs - written).toBeLessThanOrEqual(timings.guardianDeadlineMs);
        if (step.state.mode === 'isolating') expect(step.kickWatchdog).toBe(false);
        state = step.state;
      }
    }),
  );
});
