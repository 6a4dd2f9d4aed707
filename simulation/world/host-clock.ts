import type { VirtualTime } from '../virtual-time.ts';

/** A host's own monotonic clock: an arbitrary start, and a rate that is never quite right and may change. */
export class HostClock {
  readonly #time: VirtualTime;
  #trueAt: number;
  #localAt: number;
  #rate: number;

  /** `rate`: local milliseconds per true millisecond. */
  constructor(time: VirtualTime, startMs: number, rate: number) {
    this.#time = time;
    this.#trueAt = time.now;
    this.#localAt = startMs;
    this.#rate = rate;
  }

  get nowMs(): number {
    return this.#localAt + (this.#time.now - this.#trueAt) * this.#rate;
  }

  setRate(rate: number): void {
    this.#localAt = this.nowMs;
    this.#trueAt = this.#time.now;
    this.#rate = rate;
  }

  /** True milliseconds until this clock will have advanced by `localMs`, if its rate stays. */
  trueMsFor(localMs: number): number {
    return Math.max(0, localMs) / this.#rate;
  }
}
