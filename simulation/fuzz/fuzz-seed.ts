import { type Build, play } from '../run/play.ts';
import type { ScenarioResult } from '../run/result.ts';
import { withoutWallClockJumps } from '../run/wall-clock-jumps.ts';
import type { FuzzShape } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

/** One seed played. `failure`: the first broken invariant. */
export interface SeedOutcome {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly hash: string;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
  readonly recoveries: number;
}

/** Plays the schedule of one seed. */
export async function fuzzSeed(seed: number, shape: FuzzShape, build: Build): Promise<SeedOutcome> {
  const schedule = randomSchedule(seed, shape);
  const result = await playSchedule(schedule, build);
  return {
    seed,
    failure: failureOf(result) ?? (await wallClockDependence(schedule, build, result)),
    hash: result.hash,
    simulatedSeconds: result.simulatedSeconds,
    wallSeconds: result.wallSeconds,
    recoveries: result.recoveries.length,
  };
}

export function playSchedule({ scenario, faults, healedAt }: Schedule, build: Build): Promise<ScenarioResult> {
  return play(scenario, { build, faults, ...(healedAt === undefined ? {} : { healedAt }) });
}

/** G3: without the jumps of its wall clocks the very same must have happened. Undefined when it did. */
export async function wallClockDependence(
  schedule: Schedule,
  build: Build,
  withJumps: ScenarioResult,
): Promise<string | undefined> {
  const scenario = withoutWallClockJumps(schedule.scenario);
  if (scenario === undefined) return undefined;
  const without = await playSchedule({ ...schedule, scenario }, build);
  const story = ({ timeline }: ScenarioResult) =>
    timeline.filter(({ what }) => what !== 'scenario: clock-jump').map((entry) => JSON.stringify(entry));
  const [a, b] = [story(withJumps), story(without)];
  const differs = a.findIndex((line, i) => line !== b[i]);
  if (differs < 0 && a.length === b.length) return undefined;
  const at = withJumps.timeline[Math.max(0, differs)]?.at ?? withJumps.simulatedSeconds;
  return `G3: no behaviour changes when wall clocks jump: the timeline differs with and without jumps (at ${at} s)`;
}

/** In words; undefined when everything held. */
export function failureOf(result: ScenarioResult): string | undefined {
  const [violation] = result.violations;
  if (violation !== undefined) return `${violation.invariant}: ${violation.why.split('\n')[0]} (at ${violation.at} s)`;
  const [unmet] = result.unmet;
  return unmet === undefined ? undefined : `expected: ${unmet}`;
}

/** The smallest schedule found that breaks the same invariant as this one does; itself when it breaks none. `budget`: runs. */
export async function shrinkFailure(schedule: Schedule, build: Build, budget?: number): Promise<Schedule> {
  const kindOf = async (candidate: Schedule) => {
    const result = await playSchedule(candidate, build);
    const failure = failureOf(result) ?? (await wallClockDependence(candidate, build, result));
    return failure?.split(':')[0];
  };
  const wanted = await kindOf(schedule);
  if (wanted === undefined) return schedule;
  return await shrink(schedule, async (candidate) => (await kindOf(candidate)) === wanted, budget);
}
