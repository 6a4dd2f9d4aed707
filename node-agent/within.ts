import { type Clock, RetryableError } from '#actors';

/** The call did not answer within its deadline; it may still take effect later. */
export class DeadlineExceeded extends RetryableError {
  override readonly name = 'DeadlineExceeded';
  readonly code = 'DEADLINE_EXCEEDED';
}

/** Rejects with `DeadlineExceeded` when `work` did not settle within `ms`. The work itself goes on. */
export function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new DeadlineExceeded(`${what} did not answer within ${ms} ms`)));
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
