import type { Clock, Timer } from '#actors';
import type { Watchdog } from '#ports';

/**
 * A watchdog inside the node, behind the one in the lab: calls `reset` once when it was armed and not kicked for its
 * timeout. It cannot be disarmed. A pause of the node stops it too.
 */
export class SoftWatchdog implements Watchdog {
  readonly #clock: Clock;
  readonly #reset: () => void;
  #timeoutMs: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, reset: () => void) {
    this.#clock = clock;
    this.#reset = reset;
  }

  arm(timeoutMs: number): void {
    if (!(timeoutMs > 0)) throw new RangeError(`watchdog timeout must be above 0 ms, got ${timeoutMs}`);
    this.#timeoutMs = timeoutMs;
    this.kick();
  }

  kick(): void {
    if (this.#timeoutMs === undefined) return; // as /dev/watchdog that nobody opened
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#timeoutMs, this.#reset);
  }
}
