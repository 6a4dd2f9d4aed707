import { expect, test } from 'vitest';
import { playSchedule } from '../fuzz/fuzz-seed.ts';
import { randomSchedule } from '../fuzz/random-schedule.ts';
import type { Schedule } from '../fuzz/schedule.ts';
import { productionBuild } from '../run/production.ts';
import { patchedProgram } from '../watch/patched-program.ts';
import { patched, patchesOf } from '../watch/patched-text.ts';
import { playWatched } from '../watch/play-watched.ts';
import { PlayingThread } from '../watch/playing-thread.ts';
import type { PatchedMutation } from './patch.ts';
import { PATCHED } from './patched.ts';

const SHAPE = { nodes: [3, 3], vms: [3, 4], hours: 0.25 } as const;

function scheduleOf({ where }: PatchedMutation, seed: number): Schedule {
  return typeof where === 'function' ? where(seed) : randomSchedule(seed, { ...SHAPE, ...where.shape }, where.focus);
}

async function seedsUntilCaught(mutation: PatchedMutation): Promise<number | undefined> {
  const { patches, breaks, withinSeeds } = mutation;
  const thread = new PlayingThread({ program: patchedProgram(patches) });
  try {
    for (let seed = 1; seed <= withinSeeds; seed += 1) {
      const played = await playWatched(thread, { schedule: scheduleOf(mutation, seed) });
      const found = played?.result.violations.map(({ invariant }) => invariant) ?? [];
      if (found.some((name) => breaks.some((start) => name.startsWith(start)))) return seed;
    }
  } finally {
    await thread.close();
  }
  return undefined;
}

test.each(PATCHED)('caught: $name', { timeout: 300_000 }, async (mutation) => {
  expect(await seedsUntilCaught(mutation)).toBeLessThanOrEqual(mutation.withinSeeds);
});

test('the build that ships breaks nothing on the same schedules', { timeout: 300_000 }, async () => {
  for (const mutation of PATCHED) {
    expect((await playSchedule(scheduleOf(mutation, 1), productionBuild)).violations).toEqual([]);
  }
});

test('a patch that no longer fits is a mistake of whoever changed its file', () => {
  const file = 'actors/admit.ts';
  const url = new URL(`../../${file}`, import.meta.url).href;
  expect(patchesOf(url, [{ file, find: 'b', put: 'c' }])).toHaveLength(1);
  expect(patched('a b', [{ file, find: 'b', put: 'c' }])).toBe('a c');
  expect(() => patched('a b b', [{ file, find: 'b', put: 'c' }])).toThrow('fits 2 times');
  expect(() => patched('a', [{ file, find: 'b', put: 'c' }])).toThrow('fits 0 times');
});
