/**
 * For how long counters did not change, by this process's own clock. An age runs from the *end* of the read that first
 * showed the value to the *beginning* of the latest good read: it is never too long, and failed reads do not let it grow.
 * After a longer gap between good reads all ages begin anew: what was down for this reader was perhaps down for those it
 * watches, and they get the time to write again (B3).
 */
export class ChangeTracker<Key extends string> {
  readonly #seen = new Map<Key, { major: number; minor: number; sinceMs: number }>();
  readonly #gapMs: number;
  #latestBeganMs = Number.NEGATIVE_INFINITY;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** A good read began then; what it showed is noted next. */
  readBegan(beganMs: number): void {
    if (beganMs - this.#latestBeganMs > this.#gapMs) this.#seen.clear();
    this.#latestBeganMs = beganMs;
  }

  /** What a read that ended then showed. Two numbers tell two values apart. */
  note(key: Key, major: number, minor: number, endedMs: number): void {
    const seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, { major, minor, sinceMs: endedMs });
    else if (seen.major !== major || seen.minor !== minor) {
      seen.major = major;
      seen.minor = minor;
      seen.sinceMs = endedMs;
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
