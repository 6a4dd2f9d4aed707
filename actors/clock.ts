/** A running timer. `cancel` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Monotonic time of one process. Readings of two processes must never be compared (G3): only elapsed time within one.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  nowMs(): number;
  /** Runs `fire` once, `delayMs` from now or later, never earlier. */
  after(delayMs: number, fire: () => void): Timer;
}

/** Resolves after `delayMs` on that clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
