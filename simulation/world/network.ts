import type { NodeId } from '#machines';
import type { SeededRandom } from '../seeded-random.ts';
import type { SimHost } from './host.ts';

export interface NetworkSettings {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly duplicatePercent: number;
}

/**
 * The management network and the members (messaging, database) that run on some of the hosts. A partition splits it into
 * groups; who is in no group is alone.
 */
export class SimNetwork {
  readonly #hosts: ReadonlyMap<NodeId, SimHost>;
  readonly #members: readonly SimHost[];
  readonly #settings: NetworkSettings;
  readonly #random: SeededRandom;
  #groups: ReadonlyMap<NodeId, number> | undefined;
  readonly down = { messaging: false, database: false };

  constructor(
    hosts: ReadonlyMap<NodeId, SimHost>,
    members: readonly NodeId[],
    settings: NetworkSettings,
    random: SeededRandom,
  ) {
    this.#hosts = hosts;
    this.#members = members.map((name) => this.#host(name));
    this.#settings = settings;
    this.#random = random;
  }

  partition(groups: readonly (readonly NodeId[])[]): void {
    this.#groups = new Map(groups.flatMap((group, index) => group.map((name) => [name, index] as const)));
  }

  heal(): void {
    this.#groups = undefined;
  }

  /** Packets can go from `a` to `b` at this instant. */
  connected(a: SimHost, b: SimHost): boolean {
    if (!a.powered || !b.alive) return false;
    if (a === b) return true;
    if (!a.links.management || !b.links.management) return false;
    if (this.#groups === undefined) return true;
    const group = this.#groups.get(a.name);
    return group !== undefined && group === this.#groups.get(b.name);
  }

  /** `host` can talk to members that are a majority among themselves. */
  reachesMajority(host: SimHost, of: 'messaging' | 'database'): boolean {
    if (this.down[of]) return false;
    const reached = this.#members.filter((member) => this.connected(host, member)).length;
    return reached * 2 > this.#members.length;
  }

  /** Messages that are not stored need only one server between the two. */
  busConnects(from: SimHost, to: SimHost): boolean {
    if (this.down.messaging) return false;
    return this.#members.some((member) => this.connected(from, member) && this.connected(to, member));
  }

  /** One way of one packet, milliseconds. */
  delay(): number {
    return this.#settings.delayMs + this.#random.next() * this.#settings.jitterMs;
  }

  loses(): boolean {
    return this.#settings.lossPercent > 0 && this.#random.chance(this.#settings.lossPercent / 100);
  }

  duplicates(): boolean {
    return this.#settings.duplicatePercent > 0 && this.#random.chance(this.#settings.duplicatePercent / 100);
  }

  #host(name: NodeId): SimHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }
}
