import type { Clock } from '#actors';

/**
 * The outcome of `work`, or the rejection with `late()` when it takes longer. Work cannot be called back: when it ends
 * after all, `tidy` gets its result.
 */
export function withinDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  work: Promise<T>,
  late: () => Error,
  tidy: (result: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = clock.after(deadlineMs, () => {
      over = true;
      reject(late());
    });
    work.then(
      (result) => {
        if (over) return tidy(result);
        timer.cancel();
        resolve(result);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
