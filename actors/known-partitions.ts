import { address } from './address.ts';
import { partitionOf } from './partition.ts';

/** Addresses remembered: who asks whether it serves an actor asks about the same few, again and again. */
const KNOWN_ADDRESSES = 1000;

/** The partitions of addresses, checked and hashed once. */
export class KnownPartitions {
  readonly #partitions: number;
  readonly #known = new Map<string, number>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** Throws `InvalidAddress`. */
  of(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const partition = partitionOf(address(text), this.#partitions);
    if (this.#known.size >= KNOWN_ADDRESSES) this.#known.clear();
    this.#known.set(text, partition);
    return partition;
  }
}
