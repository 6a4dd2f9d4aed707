/** The mailbox is read again after twice as long each time, but at least this often. */
const SELDOM_MS = 600_000;

interface Gap {
  readonly sinceMs: number;
  /** When it is due to be looked for. */
  dueMs: number;
}

/**
 * Numberings (see `laneOf`) in which messages came to one actor and one before them did not. Such a message is as a rule on
 * its way; one that stays away may have got lost between the mailbox, where it is stored, and here.
 */
export class Gaps {
  readonly #patienceMs: number;
  readonly #gaps = new Map<string, Gap>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * A message came too early. How long that has been so, when it is time to look for the one before it: after the patience,
   * then after twice as long each time; undefined otherwise.
   */
  early(lane: string, nowMs: number): number | undefined {
    const known = this.#gaps.get(lane);
    if (known === undefined) {
      this.#gaps.set(lane, { sinceMs: nowMs, dueMs: nowMs + this.#patienceMs });
      return undefined;
    }
    if (nowMs < known.dueMs) return undefined;
    const openMs = nowMs - known.sinceMs;
    known.dueMs = nowMs + Math.min(Math.max(openMs, this.#patienceMs), SELDOM_MS);
    return openMs;
  }

  /** The next message in order was taken. */
  closed(lane: string): void {
    this.#gaps.delete(lane);
  }
}
