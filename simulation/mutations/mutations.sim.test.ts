import { expect, test } from 'vitest';
import { failureOf, playSchedule, wallClockDependence } from '../fuzz/fuzz-seed.ts';
import { randomSchedule } from '../fuzz/random-schedule.ts';
import { productionBuild } from '../run/production.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

const SHAPE = { nodes: [3, 3], vms: [3, 4], hours: 0.25 } as const;

/** Seeds until one breaks one of the invariants that this mutation must break. */
async function seedsUntilCaught({ build, breaks, focus, withinSeeds }: Mutation): Promise<number | undefined> {
  for (let seed = 1; seed <= withinSeeds; seed += 1) {
    const schedule = randomSchedule(seed, SHAPE, focus);
    const result = await playSchedule(schedule, build);
    const found = result.violations.map(({ invariant }) => invariant);
    const wall = failureOf(result) ?? (await wallClockDependence(schedule, build, result));
    if ([...found, wall ?? ''].some((name) => breaks.some((start) => name.startsWith(start)))) return seed;
  }
  return undefined;
}

test.each(MUTATIONS)('caught: $name', { timeout: 300_000 }, async (mutation) => {
  expect(await seedsUntilCaught(mutation)).toBeLessThanOrEqual(mutation.withinSeeds);
});

test('the build that ships breaks nothing on the same schedules', { timeout: 300_000 }, async () => {
  for (const { focus } of MUTATIONS) {
    const schedule = randomSchedule(1, SHAPE, focus);
    expect((await playSchedule(schedule, productionBuild)).violations).toEqual([]);
  }
});
