import type { SeededRandom } from '../seeded-random.ts';

/** What a way through a network does to packets. */
export interface LinkQuality {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly duplicatePercent: number;
}

/** TCP sends a lost packet again after this, then after twice as long, and so on. */
export const RETRANSMIT_MS = 200;
export const MAX_RETRANSMITS = 7;

/**
 * One way of one request over a connection with such a link that repeats what was lost, milliseconds: late instead of lost.
 * Undefined: every repetition was lost too, and the connection breaks.
 */
export function streamWayMs({ delayMs, jitterMs, lossPercent }: LinkQuality, random: SeededRandom): number | undefined {
  let sum = delayMs + random.next() * jitterMs;
  for (let tries = 0; tries <= MAX_RETRANSMITS; tries += 1) {
    if (!random.chance(lossPercent / 100)) return sum;
    sum += RETRANSMIT_MS * 2 ** tries;
  }
  return undefined;
}
