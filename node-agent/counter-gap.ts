/** Clocks of two hosts differ, and a read may be slow: so much more than its own time may others' counters show. */
const MARGIN = 1.25;

/**
 * Tells that this host stood still although its own clock did not notice: one that is paused whole (a virtual machine, a
 * suspend to memory) finds that the counters of others, which grow at most once an interval, have grown by more than its own
 * elapsed time allows. Without it such a host goes on as if nothing happened, after its VMs were taken over (G2).
 */
export class CounterGap {
  readonly #intervalMs: number;
  /** The highest ever seen: a late write takes a counter back, which must not look like a jump afterwards. */
  readonly #highest = new Map<
    string,
    { readonly incarnation: number; readonly sequence: number; readonly sinceMs: number }
  >();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** A read of all slots, by this host's own clock. Returns by how much it must have stood still at least, ms; 0: by nothing. */
  read(
    slots: readonly { readonly node: string; readonly incarnation: number; readonly sequence: number }[],
    beganMs: number,
    endedMs: number,
  ): number {
    let gapMs = 0;
    for (const { node, incarnation, sequence } of slots) {
      const known = this.#highest.get(node);
      const isHigher = known === undefined || incarnation > known.incarnation || sequence > known.sequence;
      if (!isHigher) continue;
      this.#highest.set(node, { incarnation, sequence, sinceMs: beganMs });
      // A start of its agent makes the counter jump on purpose.
      if (known?.incarnation !== incarnation || sequence - known.sequence >= 2 ** 31) continue;
      // It also counts its writes that failed: all since this value was first seen.
      const elapsedMs = endedMs - known.sinceMs;
      const grown = sequence - known.sequence;
      gapMs = Math.max(gapMs, (grown - 1) * this.#intervalMs - elapsedMs * MARGIN);
    }
    return gapMs;
  }
}
