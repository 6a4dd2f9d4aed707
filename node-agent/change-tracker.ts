/**
 * For how long counters did not change, by this process's own clock. An age runs from the *end* of the read that first
 * showed the value to the *beginning* of the latest good read: it is never too long, and failed reads do not let it grow.
 */
export class ChangeTracker<Key extends string> {
  readonly #seen = new Map<Key, { readonly mark: string; readonly sinceMs: number }>();
  #latestBeganMs = Number.NEGATIVE_INFINITY;

  /** Notes one good read. `mark` tells two values apart. */
  note(beganMs: number, endedMs: number, values: Iterable<readonly [Key, string]>): void {
    this.#latestBeganMs = beganMs;
    for (const [key, mark] of values) {
      if (this.#seen.get(key)?.mark !== mark) this.#seen.set(key, { mark, sinceMs: endedMs });
    }
  }

  ageMs(key: Key): number {
    const seen = this.#seen.get(key);
    return seen === undefined ? 0 : Math.max(0, this.#latestBeganMs - seen.sinceMs);
  }

  /** When the latest good read began. */
  get latestBeganMs(): number {
    return this.#latestBeganMs;
  }
}
