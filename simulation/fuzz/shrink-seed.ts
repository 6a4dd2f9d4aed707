import { GOES_ON } from '../standstill.ts';
import { PlayingThread, STUCK_AFTER_MS, type ThreadOptions } from '../watch/playing-thread.ts';
import { RunBrokenOff } from '../watch/run-broken-off.ts';
import { brokenBy } from './fuzz-seed.ts';
import type { FuzzShape } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

/** A candidate is given up sooner than a seed: what is found in the end must stand still for the whole limit. */
const CANDIDATE_STUCK_AFTER_MS = 5000;
/** A candidate that stands still takes about as long as so many that play to their end. */
const STUCK_COSTS = 5;

/**
 * The smallest schedule found that fails as that seed does, in at most `budget` runs; undefined when the signal came first.
 * Of a seed that stands still, one that stands still, too; undefined when none does for the whole limit.
 */
export async function shrinkSeed(
  seed: number,
  shape: FuzzShape,
  budget: number,
  options: ThreadOptions = {},
): Promise<Schedule | undefined> {
  const { signal, stuckAfterMs = STUCK_AFTER_MS } = options;
  const soon = new PlayingThread({
    ...{ ...options, stuckAfterMs: Math.min(stuckAfterMs, CANDIDATE_STUCK_AFTER_MS), stacks: false },
  });
  const patient = new PlayingThread({ ...options, stuckAfterMs, stacks: false });
  try {
    const schedule = randomSchedule(seed, shape);
    let stuckLeft = Math.max(1, Math.floor(budget / STUCK_COSTS));
    const broken = async (candidate: Schedule): Promise<string | undefined> => {
      if (stuckLeft === 0) return undefined;
      const found = await brokenIn(candidate, soon);
      if (found === GOES_ON) stuckLeft -= 1;
      return found;
    };
    const wanted = await broken(schedule);
    if (wanted === undefined) return signal?.aborted === true ? undefined : schedule;
    const smallest = await shrink(schedule, async (candidate) => (await broken(candidate)) === wanted, budget);
    if (signal?.aborted === true) return undefined;
    if (wanted !== GOES_ON || stuckAfterMs <= CANDIDATE_STUCK_AFTER_MS) return smallest;
    return (await brokenIn(smallest, patient)) === wanted ? smallest : undefined;
  } finally {
    await Promise.all([soon.close(), patient.close()]);
  }
}

/** The first invariant that a schedule breaks; undefined when none or stopped. */
async function brokenIn(schedule: Schedule, thread: PlayingThread): Promise<string | undefined> {
  try {
    const played = await thread.playSchedule({ schedule });
    return played === undefined ? undefined : brokenBy(played.result);
  } catch (error) {
    if (error instanceof RunBrokenOff) return GOES_ON;
    throw error;
  }
}
