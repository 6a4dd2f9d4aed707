import type { Timer } from '#actors';
import type { Planned, VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** Below this, a timer that looks early is only rounding. */
const ROUNDING_MS = 0.01;

/** Something a process will do after a while: later if it stalls, never if it dies. */
export class ProcessTimer implements Timer {
  readonly #process: SimProcess;
  readonly #time: VirtualTime;
  readonly #fire: () => void;
  /** By the host's clock: never early, also when its rate changes meanwhile. Undefined: only true time counts. */
  readonly #dueMs: number | undefined;
  #planned: Planned | undefined;
  #cancelled = false;

  private constructor(process: SimProcess, time: VirtualTime, fire: () => void, dueMs: number | undefined) {
    this.#process = process;
    this.#time = time;
    this.#fire = fire;
    this.#dueMs = dueMs;
  }

  /** After `trueMs` of simulated time. */
  static after(process: SimProcess, time: VirtualTime, trueMs: number, fire: () => void): ProcessTimer {
    const timer = new ProcessTimer(process, time, fire, undefined);
    timer.#plan(trueMs);
    return timer;
  }

  /** When the host's clock has advanced by `localMs`. */
  static onHostClock(process: SimProcess, time: VirtualTime, localMs: number, fire: () => void): ProcessTimer {
    const { clock } = process.host;
    const waitMs = Math.max(0, localMs);
    const timer = new ProcessTimer(process, time, fire, clock.nowMs + waitMs);
    timer.#plan(clock.trueMsFor(waitMs));
    return timer;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#planned?.cancel();
  }

  #plan(trueMs: number): void {
    this.#planned = this.#time.after(trueMs, () => this.#process.run(() => this.#due()));
  }

  #due(): void {
    if (this.#cancelled) return;
    const { clock } = this.#process.host;
    const nowMs = clock.nowMs;
    if (this.#dueMs !== undefined && nowMs < this.#dueMs - ROUNDING_MS)
      this.#plan(clock.trueMsFor(this.#dueMs - nowMs));
    else this.#fire();
  }
}
