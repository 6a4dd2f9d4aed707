import type { VmId } from '#machines';
import type { SimCopy, SimHost } from './host.ts';
import type { SimStorageTarget } from './storage.ts';

interface Waiting {
  readonly host: SimHost;
  readonly boots: number;
  readonly tell: (() => void)[];
}

/**
 * What guests have in flight to their disks when the path breaks, if their disks' I/O hangs: a suspended copy drains only when
 * the path is back, and the write of one that was killed lies in its host's kernel until then, or until the power goes.
 */
export class GuestDisks {
  readonly #storage: SimStorageTarget;
  readonly #landed: (host: SimHost, vm: VmId) => void;
  readonly #inFlight = new Map<SimCopy, Waiting>();

  /** `landed` is told of each write that was in flight, when it lands. */
  constructor(storage: SimStorageTarget, landed: (host: SimHost, vm: VmId) => void) {
    this.#storage = storage;
    this.#landed = landed;
    storage.onPathChanged = () => this.#pathChanged();
  }

  /** Tells when nothing of that copy is in flight. */
  whenDrained(copy: SimCopy | undefined, tell: () => void): void {
    const waiting = copy === undefined ? undefined : this.#inFlight.get(copy);
    if (waiting === undefined) tell();
    else waiting.tell.push(tell);
  }

  /** To be called when a copy has changed. */
  changed(host: SimHost, copy: SimCopy, before: SimCopy['state']): void {
    const waiting = this.#inFlight.get(copy);
    const wrote = before === 'running' && !this.#reachable(host);
    const isKilled = copy.state === 'off' && (copy.reason === 'destroyed' || copy.reason === 'crashed');
    if (copy.state === 'suspended' && wrote) {
      this.#inFlight.set(copy, { host, boots: host.boots, tell: [] });
      return;
    }
    this.#inFlight.delete(copy);
    if (isKilled && (wrote || waiting !== undefined)) {
      this.#storage.giveUp({ host, boots: host.boots, act: () => this.#landed(host, copy.vm) });
    }
    for (const tell of waiting?.tell ?? []) tell();
  }

  #reachable(host: SimHost): boolean {
    const { hangs, answersLost } = this.#storage.path(host.name);
    return this.#storage.reachableFrom(host) && !hangs && !answersLost;
  }

  #pathChanged(): void {
    for (const [copy, { host, boots, tell }] of this.#inFlight) {
      const isGone = !host.powered || host.boots !== boots;
      if (!isGone && !this.#reachable(host)) continue;
      this.#inFlight.delete(copy);
      if (isGone) continue;
      this.#landed(host, copy.vm);
      for (const each of tell) each();
    }
  }
}
