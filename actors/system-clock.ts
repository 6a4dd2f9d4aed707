import type { Clock, Timer } from './clock.ts';

/** `setTimeout` fires at once when asked for more than this. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** This process's monotonic clock. Timers are late, never early: an early one is armed again for the rest. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs: number, fire: () => void): Timer {
    const dueMs = performance.now() + delayMs;
    const arm = (): NodeJS.Timeout =>
      setTimeout(
        () => {
          if (performance.now() < dueMs) handle = arm();
          else fire();
        },
        Math.min(LONGEST_DELAY_MS, Math.max(0, Math.ceil(dueMs - performance.now()))),
      );
    let handle = arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
