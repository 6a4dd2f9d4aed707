import type { Clock } from '#actors';
import type { VmId } from '#machines';

/** A hypervisor that has not started a VM after this long hangs, ms. */
const LIMIT_MS = 120_000;

/** Starts under way, and which of them hang: whoever asks again is told so at once, and does not wait behind them. */
export class HungStarts {
  readonly #clock: Clock;
  readonly #sinceMs = new Map<VmId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async watch<T>(vm: VmId, work: () => Promise<T>): Promise<T> {
    this.#sinceMs.set(vm, this.#clock.nowMs());
    try {
      return await work();
    } finally {
      this.#sinceMs.delete(vm);
    }
  }

  has(vm: VmId): boolean {
    const sinceMs = this.#sinceMs.get(vm);
    return sinceMs !== undefined && this.#clock.nowMs() - sinceMs >= LIMIT_MS;
  }
}
