import { expect, test } from 'vitest';
import { brokenBy, playSchedule, shrinkFailure } from '../fuzz/fuzz-seed.ts';
import { randomSchedule } from '../fuzz/random-schedule.ts';
import { checkSchedule, type Schedule } from '../fuzz/schedule.ts';
import { productionBuild } from '../run/production.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';

/** Larger clusters than needed, so that there is something to take out. */
const SHAPE = { nodes: [5, 5], vms: [6, 8], hours: 0.25 } as const;
const SEEDS = 40;

/** The first of the schedules that the broken build fails at, and the invariant that it breaks. */
async function failing({ build, focus, breaks }: Mutation): Promise<{ schedule: Schedule; broken: string }> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const schedule = randomSchedule(seed, SHAPE, focus);
    const broken = brokenBy(await playSchedule(schedule, build));
    if (broken !== undefined && breaks.some((start) => broken.startsWith(start))) return { schedule, broken };
  }
  throw new Error(`none of ${SEEDS} seeds fails`);
}

/** What a person has to read of it: not the healing at its end. */
function eventsIn({ scenario, faults, healedAt = Number.POSITIVE_INFINITY }: Schedule): number {
  return faults.length + scenario.events.filter(({ at }) => at < healedAt).length;
}

test.each([
  ['resume without looking', 2, 2],
  ['recover a VM that was stopped on its own wish', 1, 1],
  ['ignore the rules', 2, 2],
])(
  'a failure of the build "%s" shrinks to at most %d events and %d nodes, and is the same',
  { timeout: 300_000 },
  async (name, events, nodes) => {
    const mutation = MUTATIONS.find((each) => each.name.startsWith(name));
    if (mutation === undefined) throw new Error(`there is no ${name}`);
    const { schedule, broken } = await failing(mutation);
    const smallest = await shrinkFailure(schedule, mutation.build);
    expect(eventsIn(smallest)).toBeLessThanOrEqual(events);
    expect(smallest.scenario.nodes.length).toBeLessThanOrEqual(nodes);
    const again = checkSchedule(JSON.parse(JSON.stringify(smallest)), name);
    expect(brokenBy(await playSchedule(again, mutation.build))).toBe(broken);
    expect(brokenBy(await playSchedule(again, productionBuild))).toBeUndefined();
  },
);
