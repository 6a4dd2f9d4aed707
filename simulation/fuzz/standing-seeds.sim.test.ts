import { expect, test } from 'vitest';
import { productionBuild } from '../run/production.ts';
import type { PlayingProgram } from '../watch/playing-thread.ts';
import { standingProgram } from '../watch/standing-program.ts';
import { fuzz } from './fuzz.ts';
import { brokenBy, playSchedule } from './fuzz-seed.ts';
import { randomSchedule } from './random-schedule.ts';
import { shrinkSeed } from './shrink-seed.ts';

/** Clusters of five nodes or more stand still with that build, a minute after the agent of the fifth began. */
const program = standingProgram('loops');
const shape = { nodes: [3, 5], vms: [2, 3], hours: 0.1 } as const;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const standing = SEEDS.filter((seed) => randomSchedule(seed, shape).scenario.nodes.length === 5);

test('seeds that stand still have failed, with instant and stack; all others are played as without them', async () => {
  expect(standing.length).toBeGreaterThan(1);
  expect(standing.length).toBeLessThan(SEEDS.length);
  const play = async (build: { readonly program?: PlayingProgram }) =>
    await fuzz({ ...build, seeds: SEEDS.length, from: 1, workers: 2, shape, stuckAfterMs: 3000, onOutcome: () => {} });
  const outcomes = await play({ program });
  expect(outcomes.map(({ seed }) => seed)).toEqual(SEEDS);
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  expect(failed.map(({ seed }) => seed)).toEqual(standing);
  for (const { failure, where } of failed) {
    expect(failure).toMatch(/^the run goes on: no event ended for 3 s.* \(at [\d.]+ s\)$/);
    expect(where).toContain('at loopsForEver (');
  }
  const whole = await play({});
  for (const [i, { hash, failure }] of outcomes.entries()) if (failure === undefined) expect(hash).toBe(whole[i]?.hash);
});

test('the smallest schedule of a seed that stands still stands still, and the search for it is bounded', async () => {
  const [seed = 0] = standing;
  const smallest = await shrinkSeed(seed, shape, 40, { program, stuckAfterMs: 2000 });
  expect(smallest?.scenario.nodes.map(({ name }) => name)).toContain('n5');
  expect(smallest?.scenario.nodes.length).toBeLessThan(5);
  expect(smallest?.faults).toEqual([]);
  expect(brokenBy(await playSchedule(smallest ?? expect.unreachable(), productionBuild))).toBeUndefined();
});
