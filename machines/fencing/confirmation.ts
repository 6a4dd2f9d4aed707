/** What a host's slot shows of it. */
export interface SlotCount {
  readonly incarnation: number;
  readonly sequence: number;
}

/** A host that writes no more for so many intervals has stopped. */
const STILL_INTERVALS = 3;
/** Writes that were under way when the power went come in one burst. What is seen to grow that often, and so late, is written on. */
const CONTRADICTING_CHANGES = 3;
const BURST_MS = 5000;

/**
 * A fence's word that an incarnation of a host is off, as far as it was held against the host's slot. Pure: whoever looks
 * steps it with `looked`.
 * - `believed`: nothing was written any more, or a later incarnation is there.
 * - `contradicted`: the slot went on being written: the host lives, whatever the device says.
 */
export interface Confirmation {
  readonly verdict: 'open' | 'believed' | 'contradicted';
  readonly incarnation: number;
  /** The highest that its slot is known to have reached. What is above was written after the confirmation. */
  readonly sequence: number;
  readonly confirmedAtMs: number;
  /** When it was seen to grow last. Undefined before the first look. */
  readonly changedAtMs: number | undefined;
  readonly changes: number;
}

/** To be called when the fence confirmed. `stillAt`: where the slot had stood still before the fence was even asked; null: it was written. */
export function confirmed(incarnation: number, stillAt: number | null, nowMs: number): Confirmation {
  const known = { incarnation, sequence: stillAt ?? 0, confirmedAtMs: nowMs };
  // A slot that is not above it shows at the first look that nothing was written since.
  return {
    ...known,
    verdict: 'open',
    changedAtMs: stillAt === null ? undefined : Number.NEGATIVE_INFINITY,
    changes: 0,
  };
}

/**
 * One look at the slot, begun after the confirmation. A host that had stopped before needs one look (B9); one that wrote until
 * the fence must be seen to have stopped, and what landed late meanwhile does not count against it.
 */
export function looked(
  before: Confirmation,
  slot: SlotCount | undefined,
  nowMs: number,
  intervalMs: number,
): Confirmation {
  const { incarnation, sequence, confirmedAtMs, changedAtMs, changes } = before;
  if (slot === undefined || slot.incarnation > incarnation) return { ...before, verdict: 'believed' };
  const isLooked = changedAtMs !== undefined && Number.isFinite(changedAtMs);
  const isHigher = slot.incarnation === incarnation && slot.sequence > sequence;
  if (isHigher && isLooked) {
    const goesOn = changes + 1 >= CONTRADICTING_CHANGES && nowMs - confirmedAtMs >= BURST_MS;
    const verdict = goesOn ? 'contradicted' : 'open';
    return { ...before, verdict, sequence: slot.sequence, changedAtMs: nowMs, changes: changes + 1 };
  }
  // The first look at one that was alive: what it shows may have been written before the confirmation.
  if (isHigher || changedAtMs === undefined) {
    return { ...before, sequence: Math.max(sequence, isHigher ? slot.sequence : 0), changedAtMs: nowMs };
  }
  return nowMs - changedAtMs >= STILL_INTERVALS * intervalMs ? { ...before, verdict: 'believed' } : before;
}
