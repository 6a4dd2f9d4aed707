import type { Clock, Timer } from '#actors';

/** A loop that runs until stopped. */
export interface Loop {
  /** Ends it; a turn under way finishes, but no other begins. */
  stop(): void;
}

/**
 * Runs `turn` now and then every `intervalMs`, never two at once: a turn that takes longer delays the next. Errors go to
 * `onError` and do not end the loop.
 */
export function periodic(
  clock: Clock,
  intervalMs: number,
  turn: () => Promise<void>,
  onError: (error: unknown) => void,
): Loop {
  let timer: Timer | undefined;
  let stopped = false;
  const run = async () => {
    const beganMs = clock.nowMs();
    try {
      await turn();
    } catch (error) {
      if (!stopped) onError(error);
    }
    if (stopped) return;
    timer = clock.after(Math.max(1, beganMs + intervalMs - clock.nowMs()), again);
  };
  const again = () => void run();
  again();
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
