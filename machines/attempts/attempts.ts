/** B5: no more attempts than this; then the VM is recorded in its actual state. */
export const MAX_ATTEMPTS = 13;

/** B5: how long to wait after the failed attempt of that number (1 = first), in ms. Undefined once the attempts are used up. */
export function waitAfterAttemptMs(attempt: number): number | undefined {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`attempts count from 1, not ${attempt}`);
  if (attempt <= 5) return 10_000;
  if (attempt <= 10) return 60_000;
  return attempt <= MAX_ATTEMPTS ? 100_000 : undefined;
}
