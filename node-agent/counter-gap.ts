/** Clocks of two hosts differ, and a read may be slow: so much more than its own time may others' counters show. */
const MARGIN = 1.25;
/** A counter is believed after so many steps in a row at the pace of its interval. */
const STEADY_STEPS = 3;

interface Counter {
  readonly incarnation: number;
  /** The highest ever seen: a late write takes a counter back, which must not look like a jump afterwards. */
  readonly sequence: number;
  readonly sinceMs: number;
  readonly steadySteps: number;
}

/**
 * Tells that this host stood still although its own clock did not notice: one that is paused whole (a virtual machine, a
 * suspend to memory) finds that the counters of others, which grow at most once an interval, have grown by more than its own
 * elapsed time allows. Without it such a host goes on as if nothing happened, after its VMs were taken over (G2).
 *
 * One counter alone may jump for another reason: its node's path was gone, and writes of that time landed late and one after the
 * other. So only counters that went on steadily until then are believed, and none of these may show the ordinary pace now.
 */
export class CounterGap {
  readonly #intervalMs: number;
  readonly #counters = new Map<string, Counter>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** A read of the others' slots, by this host's own clock. Returns by how much it must have stood still at least, ms; 0: by nothing. */
  read(
    slots: readonly { readonly node: string; readonly incarnation: number; readonly sequence: number }[],
    beganMs: number,
    endedMs: number,
  ): number {
    const gapsMs: number[] = [];
    for (const { node, incarnation, sequence } of slots) {
      const known = this.#counters.get(node);
      const isHigher = known === undefined || incarnation > known.incarnation || sequence > known.sequence;
      if (!isHigher) continue;
      // A start of its agent makes the counter jump on purpose.
      const isFresh = known?.incarnation !== incarnation || sequence - known.sequence >= 2 ** 31;
      const gapMs = isFresh
        ? 0
        : (sequence - known.sequence - 1) * this.#intervalMs - (endedMs - known.sinceMs) * MARGIN;
      if (!isFresh && known.steadySteps >= STEADY_STEPS) gapsMs.push(Math.max(0, gapMs));
      const isSteady = !isFresh && gapMs <= 0 && this.#keepsPace(sequence - known.sequence, beganMs - known.sinceMs);
      const steadySteps = isSteady ? known.steadySteps + 1 : 0;
      this.#counters.set(node, { incarnation, sequence, sinceMs: beganMs, steadySteps });
    }
    return gapsMs.length === 0 ? 0 : Math.min(...gapsMs);
  }

  /** It did not stand still meanwhile: half of what it could grow, or more. */
  #keepsPace(grown: number, elapsedMs: number): boolean {
    return grown * this.#intervalMs * 2 >= elapsedMs;
  }
}
