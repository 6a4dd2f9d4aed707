interface Done {
  readonly sequence: number;
  readonly removed: () => void;
}

/** Which packs are gone: all below, but those. */
export interface RemovedPacks {
  readonly below: number;
  readonly except: ReadonlySet<number>;
}

export function isGone(sequence: number, { below, except }: RemovedPacks): boolean {
  return sequence < below && !except.has(sequence);
}

/**
 * The letters of one partition in packs, between seen and certainly removed. A pack holds letters of many partitions, so none
 * of them removes it alone: each says which it still needs. Invariant: packs are seen in rising sequence without gaps, so
 * every one up to `position` that is not open is done with - and will stay so whoever serves the partition.
 */
export class PackedMessages {
  readonly #nowMs: () => number;
  /** How many letters of each pack are open, and since when; in rising sequence. */
  readonly #open = new Map<number, { left: number; readonly sinceMs: number }>();
  #done: Done[] = [];
  #removed: RemovedPacks = { below: 0, except: new Set() };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Packs still needed, rising. */
  get open(): Iterable<number> {
    return this.#open.keys();
  }

  /** How long the oldest of them has been. */
  get openForMs(): number {
    for (const { sinceMs } of this.#open.values()) return this.#nowMs() - sinceMs;
    return 0;
  }

  seen(sequence: number, letters: number): void {
    this.#open.set(sequence, { left: letters, sinceMs: this.#nowMs() });
  }

  /** A letter is done with; `removed` is called when its pack is certainly gone, maybe at once. */
  acknowledged(sequence: number, removed: () => void): void {
    const pack = this.#open.get(sequence);
    if (pack !== undefined) {
      pack.left -= 1;
      if (pack.left <= 0) this.#open.delete(sequence);
    }
    // Another host had removed it when it came from a server that lags: no news of that will follow.
    if (isGone(sequence, this.#removed)) removed();
    else this.#done.push({ sequence, removed });
  }

  removed(packs: RemovedPacks): void {
    this.#removed = packs;
    const before = this.#done;
    this.#done = before.filter(({ sequence }) => !isGone(sequence, packs));
    // Last, because what it leads to may acknowledge more.
    for (const each of before) if (isGone(each.sequence, packs)) each.removed();
  }
}
