import { type Build, play } from '../run/play.ts';
import type { ScenarioResult } from '../run/result.ts';
import type { Scenario } from '../scenario/mod.ts';
import { type FuzzShape, randomScenario } from './random-scenario.ts';
import { shrink } from './shrink.ts';

/** One seed played. `failure`: the first broken invariant, or the first VM that was not brought back. */
export interface SeedOutcome {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly hash: string;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
  readonly recoveries: number;
}

/** Plays the scenario of one seed. */
export async function fuzzSeed(seed: number, shape: FuzzShape, build: Build): Promise<SeedOutcome> {
  const result = await play(randomScenario(seed, shape), { build });
  return {
    seed,
    failure: failureOf(result),
    hash: result.hash,
    simulatedSeconds: result.simulatedSeconds,
    wallSeconds: result.wallSeconds,
    recoveries: result.recoveries.length,
  };
}

/** In words; undefined when everything held. */
export function failureOf(result: ScenarioResult): string | undefined {
  const [violation] = result.violations;
  if (violation !== undefined) return `${violation.invariant}: ${violation.why.split('\n')[0]} (at ${violation.at} s)`;
  const [unmet] = result.unmet;
  return unmet === undefined ? undefined : `liveness: ${unmet}`;
}

/** The smallest schedule that breaks the same invariant as `scenario` does; itself when it breaks none. */
export async function shrinkFailure(scenario: Scenario, build: Build): Promise<Scenario> {
  const kindOf = (result: ScenarioResult) => failureOf(result)?.split(':').slice(0, 1).join();
  const wanted = kindOf(await play(scenario, { build }));
  if (wanted === undefined) return scenario;
  return await shrink(scenario, async (candidate) => kindOf(await play(candidate, { build })) === wanted);
}
