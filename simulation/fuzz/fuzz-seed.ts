import type { Build, PlayListener } from '../run/play.ts';
import { playChecked } from '../run/play-checked.ts';
import type { ScenarioResult } from '../run/result.ts';
import { GOES_ON } from '../standstill.ts';
import type { FuzzShape } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

/** One seed played. `failure`: the first broken invariant. */
export interface SeedOutcome {
  readonly seed: number;
  readonly failure: string | undefined;
  /** The stack at which the run stood, if that is how it failed. */
  readonly where?: string | undefined;
  readonly hash: string;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
  readonly recoveries: number;
}

/** Plays the schedule of one seed. */
export async function fuzzSeed(
  seed: number,
  shape: FuzzShape,
  build: Build,
  progress?: PlayListener,
): Promise<SeedOutcome> {
  const schedule = randomSchedule(seed, shape);
  const result = await playSchedule(schedule, build, progress);
  return {
    seed,
    failure: failureOf(result),
    where: standsAt(result),
    hash: result.hash,
    simulatedSeconds: result.simulatedSeconds,
    wallSeconds: result.wallSeconds,
    recoveries: result.recoveries.length,
  };
}

/** The same with its faults, also twice when wall clocks jump (G3). */
export function playSchedule(
  { scenario, faults, healedAt }: Schedule,
  build: Build,
  progress?: PlayListener,
): Promise<ScenarioResult> {
  return playChecked(scenario, { build, faults, progress, ...(healedAt === undefined ? {} : { healedAt }) });
}

/** In words; undefined when everything held. */
export function failureOf(result: ScenarioResult): string | undefined {
  const [violation] = result.violations;
  if (violation !== undefined) return `${violation.invariant}: ${violation.why.split('\n')[0]} (at ${violation.at} s)`;
  const [unmet] = result.unmet;
  return unmet === undefined ? undefined : `expected: ${unmet}`;
}

/** The stack at which a run stood that did not go on; undefined for one that did. */
function standsAt({ violations }: ScenarioResult): string | undefined {
  const why = violations.find(({ invariant }) => invariant === GOES_ON)?.why;
  return why?.split('\n').slice(1).join('\n');
}

/** The smallest schedule found that breaks the same invariant as this one does; itself when it breaks none. `budget`: runs. */
export async function shrinkFailure(schedule: Schedule, build: Build, budget?: number): Promise<Schedule> {
  const wanted = brokenBy(await playSchedule(schedule, build));
  if (wanted === undefined) return schedule;
  return await shrink(schedule, async (candidate) => brokenBy(await playSchedule(candidate, build)) === wanted, budget);
}

/** The first invariant broken; undefined when none was. */
export function brokenBy({ violations, unmet }: ScenarioResult): string | undefined {
  return violations[0]?.invariant ?? (unmet.length > 0 ? 'expected' : undefined);
}
