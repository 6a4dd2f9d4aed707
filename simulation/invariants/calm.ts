import type { WorldFault } from '../faults/world-fault.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { SimHost } from '../world/host.ts';
import type { Watch } from './watcher.ts';

/**
 * Faults that leave a host half alive: it may have the actors, and be slow or deaf. How long anything takes then depends on
 * luck; only safety is demanded.
 */
const GRAY =
  /^(storage-(slow|hangs|errors|requests-lost|answers-lost|answers-late)|link-bad|one-way-cut|hypervisor-|agent-(stalls|crashes))/;

function isGray(event: ScenarioEvent | WorldFault): boolean {
  return GRAY.test(event.do) && !('network' in event && event.network === 'vm');
}

/** Since when nothing was done to the cluster: from then on what is promised can be demanded. Faults that last may last. */
export class Calm {
  readonly #watch: Watch;
  #grayUntil = 0;
  #quietFrom = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  note(event: ScenarioEvent | WorldFault): void {
    const now = this.#watch.nowSeconds();
    const ends = now + ('seconds' in event ? event.seconds : 0);
    this.#quietFrom = Math.max(this.#quietFrom, now);
    if (isGray(event)) this.#grayUntil = Math.max(this.#grayUntil, ends);
    // The end of a stall is an event too, and one that a stalled host makes itself.
    else if (event.do === 'pause') this.#quietFrom = Math.max(this.#quietFrom, ends);
  }

  get now(): boolean {
    const now = this.#watch.nowSeconds();
    return now >= this.#quietFrom && now >= this.#grayUntil;
  }

  /** Nothing ails it, and the servers answer it. */
  isHealthy(host: SimHost): boolean {
    const { messaging, databaseMembers, storage } = this.#watch.world();
    const runs = host.alive && host.booted && host.process?.alive === true && host.goingDown === undefined;
    return runs && storage.reachableFrom(host) && messaging.isServing(host) && databaseMembers.isServing(host);
  }
}
