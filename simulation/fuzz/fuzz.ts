import { Worker } from 'node:worker_threads';
import type { SeedOutcome } from './fuzz-seed.ts';
import type { FuzzShape } from './random-cluster.ts';

/** Nearly all that a run allocates is dead at once: with more room the collector finds less to copy. */
const YOUNG_MIB = 192;

export interface FuzzOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly shape: FuzzShape;
  /** Called after each seed, in the order in which they end. */
  readonly onOutcome: (outcome: SeedOutcome, done: number) => void;
}

/** Plays many seeds on several cores. The outcomes come back in the order of the seeds, whoever played them. */
export async function fuzz(options: FuzzOptions): Promise<readonly SeedOutcome[]> {
  const outcomes: SeedOutcome[] = [];
  const run = (offset: number) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
        workerData: {
          from: options.from + offset,
          until: options.from + options.seeds,
          step: options.workers,
          shape: options.shape,
        },
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
      });
      worker.on('message', (outcome: SeedOutcome) => {
        outcomes.push(outcome);
        options.onOutcome(outcome, outcomes.length);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    });
  await Promise.all(Array.from({ length: options.workers }, (_, offset) => run(offset)));
  if (outcomes.length !== options.seeds) throw new Error(`${options.seeds} seeds asked, ${outcomes.length} played`);
  return outcomes.sort((a, b) => a.seed - b.seed);
}
