interface Done {
  readonly sequence: number;
  readonly removed: () => void;
}

/** Which packs are gone: all below, but those. */
export interface RemovedPacks {
  readonly below: number;
  readonly except: ReadonlySet<number>;
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

  /** A letter is done with; `removed` is called when its pack is certainly gone. */
  acknowledged(sequence: number, removed: () => void): void {
    this.#done.push({ sequence, removed });
    const pack = this.#open.get(sequence);
    if (pack === undefined) return;
    pack.left -= 1;
    if (pack.left <= 0) this.#open.delete(sequence);
  }

  removed({ below, except }: RemovedPacks): void {
    const isGone = ({ sequence }: Done): boolean => sequence < below && !except.has(sequence);
    const before = this.#done;
    this.#done = before.filter((each) => !isGone(each));
    // Last, because what it leads to may acknowledge more.
    for (const each of before) if (isGone(each)) each.removed();
  }
}
