import { type Clock, sleep } from './clock.ts';
import { MailboxFull, TransportUnavailable } from './errors.ts';

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait before attempt `attempt` + 1 (1 = after the first failure): doubling, then 50 to 100 % of it by chance. */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number): number {
  const whole = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 20));
  return whole * (0.5 + random() / 2);
}

/** Thrown inside the runtime when its host stops in the middle of something. Never leaves it. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

/** Repeats `work` while messaging does not answer or a mailbox is full. Throws `Halted` when `halted()` turns true. */
export async function untilAvailable<Result>(
  clock: Clock,
  random: () => number,
  backoff: Backoff,
  halted: () => boolean,
  onRetry: (error: TransportUnavailable | MailboxFull, attempt: number) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    if (halted()) throw new Halted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TransportUnavailable || error instanceof MailboxFull)) throw error;
      onRetry(error, attempt);
      await sleep(clock, backoffMs(backoff, attempt, random));
    }
  }
}
