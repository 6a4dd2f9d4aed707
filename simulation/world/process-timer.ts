import type { Timer } from '#actors';
import { PlannedEvent } from '../event-heap.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** Below this, a timer that looks early is only rounding. */
const ROUNDING_MS = 0.01;

/** Something a process will do after a while: later if it stalls, never if it dies. */
export class ProcessTimer extends PlannedEvent implements Timer {
  readonly #process: SimProcess;
  readonly #time: VirtualTime;
  #fire: () => void;
  /** By the host's clock: never early, also when its rate changes meanwhile. Undefined: only true time counts. */
  readonly #dueMs: number | undefined;
  #isCancelled = false;

  private constructor(process: SimProcess, time: VirtualTime, fire: () => void, dueMs: number | undefined) {
    super();
    this.#process = process;
    this.#time = time;
    this.#fire = fire;
    this.#dueMs = dueMs;
  }

  /** After `trueMs` of simulated time, a span that many such timers have in common. */
  static deadline(process: SimProcess, time: VirtualTime, trueMs: number, fire: () => void): ProcessTimer {
    const timer = new ProcessTimer(process, time, fire, undefined);
    time.planDeadline(trueMs, timer);
    return timer;
  }

  /** When the host's clock has advanced by `localMs`. */
  static onHostClock(process: SimProcess, time: VirtualTime, localMs: number, fire: () => void): ProcessTimer {
    const { clock } = process.host;
    const waitMs = Math.max(0, localMs);
    const timer = new ProcessTimer(process, time, fire, clock.nowMs + waitMs);
    time.plan(clock.trueMsFor(waitMs), timer);
    return timer;
  }

  /** Also when it is due and only waits until its process runs again. */
  override cancel(): void {
    this.#isCancelled = true;
    this.#fire = nothing; // what it holds on to may go, long before its instant comes
    super.cancel();
  }

  happen(): void {
    if (this.#process.isRunning) this.#due();
    else this.#process.run(() => this.#due());
  }

  #due(): void {
    if (this.#isCancelled) return;
    const { clock } = this.#process.host;
    const nowMs = clock.nowMs;
    if (this.#dueMs !== undefined && nowMs < this.#dueMs - ROUNDING_MS)
      this.#time.plan(clock.trueMsFor(this.#dueMs - nowMs), this);
    else this.#fire();
  }
}

function nothing(): void {}
