import { wallClockMs } from '../real/wall-clock.ts';
import { GOES_ON } from '../standstill.ts';
import { PlayingThread, type ThreadOptions } from '../watch/playing-thread.ts';
import { RunBrokenOff } from '../watch/run-broken-off.ts';
import type { SeedOutcome } from './fuzz-seed.ts';
import type { FuzzShape } from './random-cluster.ts';

export interface FuzzOptions extends ThreadOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly shape: FuzzShape;
  /** Called after each seed, in the order in which they end. */
  readonly onOutcome: (outcome: SeedOutcome, done: number) => void;
  /** Ends all at once: the outcomes are those of the seeds that were done. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plays many seeds on several cores. The outcomes come back in the order of the seeds, whoever played them. A seed that stands
 * still has failed, and the others are played all the same.
 */
export async function fuzz(options: FuzzOptions): Promise<readonly SeedOutcome[]> {
  const { seeds, from, workers, shape, onOutcome, signal } = options;
  const outcomes: SeedOutcome[] = [];
  let next = from;
  const playOn = async () => {
    const thread = new PlayingThread(options);
    try {
      while (next < from + seeds) {
        const outcome = await playSeed(thread, next++, shape);
        if (outcome === undefined) return;
        outcomes.push(outcome);
        onOutcome(outcome, outcomes.length);
      }
    } finally {
      await thread.close();
    }
  };
  await Promise.all(Array.from({ length: workers }, playOn));
  if (outcomes.length !== seeds && signal?.aborted !== true)
    throw new Error(`${seeds} seeds asked, ${outcomes.length} played`);
  return outcomes.sort((a, b) => a.seed - b.seed);
}

async function playSeed(thread: PlayingThread, seed: number, shape: FuzzShape): Promise<SeedOutcome | undefined> {
  const began = wallClockMs();
  try {
    return await thread.playSeed(seed, shape);
  } catch (error) {
    if (!(error instanceof RunBrokenOff)) throw error;
    const simulatedSeconds = error.atMs / 1000;
    const failure = `${GOES_ON}: ${error.message} (at ${simulatedSeconds} s)`;
    return {
      ...{ seed, failure, where: error.where, hash: '', recoveries: 0 },
      ...{ simulatedSeconds, wallSeconds: (wallClockMs() - began) / 1000 },
    };
  }
}
