import type { NodeId } from '#machines';
import type { SeededRandom } from '../seeded-random.ts';
import type { Link, SimHost } from './host.ts';
import { type LinkQuality, MAX_RETRANSMITS, RETRANSMIT_MS, streamWayMs } from './link-quality.ts';

/**
 * A network between hosts, the management or the VM network: cables, a partition into groups (who is in no group is alone),
 * cuts that stop packets one way only, and what each host's link does to the packets that pass it.
 */
export class SimNetwork {
  readonly #settings: LinkQuality;
  readonly #random: SeededRandom;
  readonly #link: Exclude<Link, 'storage'>;
  readonly #bad = new Map<NodeId, LinkQuality>();
  readonly #cuts = new Set<string>();
  #groups: ReadonlyMap<NodeId, number> | undefined;

  constructor(settings: LinkQuality, random: SeededRandom, link: Exclude<Link, 'storage'> = 'management') {
    this.#settings = settings;
    this.#random = random;
    this.#link = link;
  }

  partition(groups: readonly (readonly NodeId[])[]): void {
    this.#groups = new Map(groups.flatMap((group, index) => group.map((name) => [name, index] as const)));
  }

  heal(): void {
    this.#groups = undefined;
  }

  /** Packets from one to the other are dropped, those of the other way pass. */
  cutOneWay(from: NodeId, to: NodeId, isCut: boolean): void {
    if (isCut) this.#cuts.add(`${from}>${to}`);
    else this.#cuts.delete(`${from}>${to}`);
  }

  /** A host's link becomes as bad as that, beside what the network does anyway; `undefined`: good again. */
  setLink(node: NodeId, quality: LinkQuality | undefined): void {
    if (quality === undefined) this.#bad.delete(node);
    else this.#bad.set(node, quality);
  }

  /** A packet can go from `a` to `b` at this instant. A stalled host takes packets: it reads them later. */
  passes(a: SimHost, b: SimHost): boolean {
    if (!a.powered || !b.powered) return false;
    if (a === b) return true;
    if (!a.links[this.#link] || !b.links[this.#link] || this.#isCut(a, b)) return false;
    if (this.#groups === undefined) return true;
    const group = this.#groups.get(a.name);
    return group !== undefined && group === this.#groups.get(b.name);
  }

  /** A conversation is possible: packets pass both ways and the other end answers. */
  connected(a: SimHost, b: SimHost): boolean {
    return b.alive && this.passes(a, b) && this.passes(b, a);
  }

  /** One way of one packet from or to that host, milliseconds. */
  delay(host: SimHost): number {
    const { delayMs, jitterMs } = this.#settings;
    const own = this.#qualityOf(host);
    const worstMs = jitterMs + (own?.jitterMs ?? 0);
    return delayMs + (own?.delayMs ?? 0) + this.#random.next() * worstMs;
  }

  /** One way of a request over a connection that repeats what was lost: late instead of lost. */
  streamDelay(host: SimHost): number {
    let sum = this.delay(host);
    for (let tries = 0; tries < MAX_RETRANSMITS && this.loses(host); tries += 1) sum += RETRANSMIT_MS * 2 ** tries;
    return sum;
  }

  /** What their bad links add to one way of a stream from one host to the other; nothing, and no draw, while both are good. */
  streamDelayOfBadLinks(a: SimHost, b: SimHost): number {
    let sum = 0;
    for (const host of [a, b]) {
      const quality = this.#qualityOf(host);
      if (quality === undefined) continue;
      // Nothing gets through: for whoever waits the same as the last repetition and one more.
      sum += streamWayMs(quality, this.#random) ?? RETRANSMIT_MS * 2 ** (MAX_RETRANSMITS + 1);
    }
    return sum;
  }

  loses(host: SimHost): boolean {
    const percent = this.#settings.lossPercent + (this.#qualityOf(host)?.lossPercent ?? 0);
    return percent > 0 && this.#random.chance(percent / 100);
  }

  duplicates(host: SimHost): boolean {
    const percent = this.#duplicatePercent(host);
    return percent > 0 && this.#random.chance(percent / 100);
  }

  /** Whether a connection of that host breaks after its request was done. By the instant, which costs no draw. */
  breaksAt(host: SimHost, nowMs: number): boolean {
    return Math.floor(nowMs * 1000) % 100 < this.#duplicatePercent(host);
  }

  #duplicatePercent(host: SimHost): number {
    return this.#settings.duplicatePercent + (this.#qualityOf(host)?.duplicatePercent ?? 0);
  }

  #isCut(a: SimHost, b: SimHost): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${a.name}>${b.name}`);
  }

  #qualityOf(host: SimHost): LinkQuality | undefined {
    return this.#bad.size === 0 ? undefined : this.#bad.get(host.name);
  }
}
