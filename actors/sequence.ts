/**
 * Message numbers between two actors: `run * RUN + n`, n = 1, 2, 3 ... A new run begins when the sender no longer
 * remembers its last number to that receiver; later runs are always greater.
 */
const RUN = 2 ** 20;

/** The number after `last`; `step` (of the sender, only grows) names a new run when there is no last. */
export function nextSequence(last: number | undefined, step: number): number {
  if (last !== undefined && (last + 1) % RUN !== 0) return last + 1;
  return step * RUN + 1;
}

/** What a message with `sequence` is to a receiver that last took `cursor`. `forgot`: it let go of old cursors. */
export function placeOf(sequence: number, cursor: number | undefined, forgot: boolean): 'next' | 'known' | 'early' {
  if (cursor !== undefined) {
    if (sequence <= cursor) return 'known';
    if (sequence === cursor + 1) return 'next';
    const laterRun = Math.floor(sequence / RUN) > Math.floor(cursor / RUN);
    return laterRun && sequence % RUN === 1 ? 'next' : 'early';
  }
  return sequence % RUN === 1 || forgot ? 'next' : 'early';
}
