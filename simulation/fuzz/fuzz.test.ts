import { expect, test } from 'vitest';
import { checkScenario } from '../scenario/mod.ts';
import { DEFAULT_SHAPE, randomScenario } from './random-scenario.ts';
import { shrink } from './shrink.ts';

test('a random scenario is a function of its seed, and every one is a valid file', () => {
  expect(randomScenario(7, DEFAULT_SHAPE)).toEqual(randomScenario(7, DEFAULT_SHAPE));
  for (let seed = 1; seed <= 200; seed += 1)
    expect(randomScenario(seed, DEFAULT_SHAPE).events.length).toBeGreaterThan(0);
});

test('shrinking finds the two events that matter', async () => {
  const events = Array.from({ length: 30 }, (_, at) => ({ at, do: at % 2 === 0 ? 'database-down' : 'database-up' }));
  const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], events, until: 40 }, 's');
  const small = await shrink(scenario, async (candidate) => {
    const times = candidate.events.map((event) => event.at);
    return times.includes(7) && times.includes(21);
  });
  expect(small.events.map((event) => event.at)).toEqual([7, 21]);
});
