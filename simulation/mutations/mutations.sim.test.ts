import { expect, test } from 'vitest';
import { playSchedule } from '../fuzz/fuzz-seed.ts';
import type { FuzzShape } from '../fuzz/random-cluster.ts';
import { randomSchedule } from '../fuzz/random-schedule.ts';
import { productionBuild } from '../run/production.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';

const SHAPE: FuzzShape = { nodes: [3, 3], vms: [3, 4], hours: 0.25 };

function shapeOf({ shape }: Mutation): FuzzShape {
  return { ...SHAPE, ...shape };
}

/** Seeds until one breaks one of the invariants that this mutation must break. */
async function seedsUntilCaught(mutation: Mutation): Promise<number | undefined> {
  const { build, breaks, focus, withinSeeds, install } = mutation;
  const mend = install?.();
  try {
    for (let seed = 1; seed <= withinSeeds; seed += 1) {
      const schedule = randomSchedule(seed, shapeOf(mutation), focus);
      const result = await playSchedule(schedule, build);
      const found = result.violations.map(({ invariant }) => invariant);
      if (found.some((name) => breaks.some((start) => name.startsWith(start)))) return seed;
    }
    return undefined;
  } finally {
    mend?.();
  }
}

test.each(MUTATIONS)('caught: $name', { timeout: 300_000 }, async (mutation) => {
  expect(await seedsUntilCaught(mutation)).toBeLessThanOrEqual(mutation.withinSeeds);
});

test('the build that ships breaks nothing on the same schedules', { timeout: 300_000 }, async () => {
  for (const mutation of MUTATIONS) {
    const schedule = randomSchedule(1, shapeOf(mutation), mutation.focus);
    expect((await playSchedule(schedule, productionBuild)).violations).toEqual([]);
  }
});
