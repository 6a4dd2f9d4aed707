import { siblingProgram } from '../../setup/sibling-program.ts';
import type { SeedOutcome } from './fuzz-seed.ts';
import type { FuzzShape } from './random-cluster.ts';
import { runWorker } from './run-worker.ts';
import type { Schedule } from './schedule.ts';

export interface FuzzOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly shape: FuzzShape;
  /** Called after each seed, in the order in which they end. */
  readonly onOutcome: (outcome: SeedOutcome, done: number) => void;
  /** Ends all at once: the outcomes are those of the seeds that were done. */
  readonly signal?: AbortSignal;
}

/** Plays many seeds on several cores. The outcomes come back in the order of the seeds, whoever played them. */
export async function fuzz({
  seeds,
  from,
  workers,
  shape,
  onOutcome,
  signal,
}: FuzzOptions): Promise<readonly SeedOutcome[]> {
  const outcomes: SeedOutcome[] = [];
  const take = (outcome: SeedOutcome) => {
    outcomes.push(outcome);
    onOutcome(outcome, outcomes.length);
  };
  const script = siblingProgram(import.meta.filename, 'fuzz-worker');
  const tasks = Array.from({ length: workers }, (_, offset) => ({
    ...{ from: from + offset, until: from + seeds, step: workers, shape },
  }));
  await Promise.all(tasks.map((task) => runWorker(script, task, take, signal)));
  if (outcomes.length !== seeds && signal?.aborted !== true)
    throw new Error(`${seeds} seeds asked, ${outcomes.length} played`);
  return outcomes.sort((a, b) => a.seed - b.seed);
}

/** The smallest schedule found that fails as that seed does, in at most `budget` runs; undefined when `signal` came first. */
export async function shrinkSeed(
  seed: number,
  shape: FuzzShape,
  budget: number,
  signal?: AbortSignal,
): Promise<Schedule | undefined> {
  let smallest: Schedule | undefined;
  const take = (schedule: Schedule) => {
    smallest = schedule;
  };
  await runWorker(siblingProgram(import.meta.filename, 'shrink-worker'), { seed, shape, budget }, take, signal);
  return smallest;
}
