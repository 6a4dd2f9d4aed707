import { stableHash } from './address.ts';

/**
 * Rendezvous hashing: the host with the highest score has the partition, so a change of hosts moves the fewest. Among equal
 * scores the first in alphabetical order has it.
 */
export class PartitionOwners {
  readonly #partitions: number;
  readonly #scores = new Map<string, Uint32Array>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** The owner of each partition among `hosts`; none without hosts. */
  of(hosts: Iterable<string>): readonly string[] {
    const owners: string[] = [];
    const best: number[] = [];
    for (const host of hosts) {
      const scores = this.#scoresOf(host);
      for (let partition = 0; partition < this.#partitions; partition++) {
        const score = scores[partition] ?? 0;
        const owner = owners[partition];
        const bestScore = best[partition] ?? -1;
        if (owner !== undefined && (score < bestScore || (score === bestScore && owner < host))) continue;
        owners[partition] = host;
        best[partition] = score;
      }
    }
    return owners;
  }

  #scoresOf(host: string): Uint32Array {
    const known = this.#scores.get(host);
    if (known !== undefined) return known;
    const scores = Uint32Array.from({ length: this.#partitions }, (_, partition) => stableHash(`${host}/${partition}`));
    this.#scores.set(host, scores);
    return scores;
  }
}
