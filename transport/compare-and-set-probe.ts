import { UnsafeCompareAndSet } from './errors.ts';

/** Tries to append with that expectation: the new sequence, or undefined when refused. Other errors are thrown. */
export type ConditionalWrite = (expected: number) => Promise<number | undefined>;

/**
 * Lets `writers` race for each of `rounds` appends. A right store lets at most one win each; two winners mean two hosts
 * could both commit a step, so the store is refused: throws `UnsafeCompareAndSet` with that evidence.
 * A round nobody wins is right too (all saw each other's write under way), but one of a kind: it is played again.
 */
export async function probeCompareAndSet(write: ConditionalWrite, rounds: number, writers: number): Promise<void> {
  let last = 0;
  let empty = 0;
  for (let round = 0; round < rounds; ) {
    const expected = last;
    const results = await Promise.all(Array.from({ length: writers }, () => write(expected)));
    const won = results.filter((sequence) => sequence !== undefined);
    if (won.length > 1) {
      throw new UnsafeCompareAndSet(
        `${won.length} of ${writers} writers won the same compare-and-set (round ${round})`,
      );
    }
    const [sequence] = won;
    if (sequence === undefined) {
      empty += 1;
      if (empty > rounds) throw new UnsafeCompareAndSet(`no writer ever won a compare-and-set (round ${round})`);
      continue;
    }
    last = sequence;
    round += 1;
  }
}
