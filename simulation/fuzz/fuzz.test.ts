import { expect, test } from 'vitest';
import { checkScenario } from '../scenario/mod.ts';
import { DEFAULT_SHAPE } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';
import { shrink } from './shrink.ts';

test('a random schedule is a function of its seed, and every one is a valid file', () => {
  expect(randomSchedule(7, DEFAULT_SHAPE)).toEqual(randomSchedule(7, DEFAULT_SHAPE));
  for (let seed = 1; seed <= 200; seed += 1)
    expect(randomSchedule(seed, DEFAULT_SHAPE).scenario.events.length).toBeGreaterThan(0);
});

test('shrinking finds the two events that matter', async () => {
  const events = Array.from({ length: 30 }, (_, at) => ({ at, do: at % 2 === 0 ? 'database-down' : 'database-up' }));
  const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], events, until: 40 }, 's');
  const small = await shrink({ scenario, faults: [], healedAt: undefined }, async ({ scenario: candidate }) => {
    const times = candidate.events.map((event) => event.at);
    return times.includes(7) && times.includes(21);
  });
  expect(small.scenario.events.map((event) => event.at)).toEqual([7, 21]);
});
