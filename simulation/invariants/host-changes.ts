import type { Watch } from './watcher.ts';

/** When a host last lost or got its power, its agent ended or began, or a stall did: also by a fence, or a watchdog. */
export class HostChanges {
  readonly #watch: Watch;
  #known = 0;
  #lastSeconds = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** As far as those who look now and then can tell, true seconds. */
  look(): number {
    let sum = 0;
    for (const { boots, processes, alive } of this.#watch.world().hosts.values())
      sum = (sum * 31 + boots * 7 + processes * 3 + (alive ? 1 : 0)) % 1e9;
    if (sum !== this.#known) this.#lastSeconds = this.#watch.nowSeconds();
    this.#known = sum;
    return this.#lastSeconds;
  }
}
