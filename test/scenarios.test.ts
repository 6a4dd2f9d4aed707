import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import {
  checkSchedule,
  failureOf,
  PlayingThread,
  parseScenario,
  playWatched,
  type ScenarioResult,
  type Schedule,
} from '../simulation/mod.ts';

/** Every bug a seed ever found, and every trigger, as a scenario that must come out as its file says. */
const folder = fileURLToPath(new URL('./scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** One that stands still fails like any other, and the rest is played. */
const thread = new PlayingThread({ stuckAfterMs: 30_000 });
afterAll(() => thread.close());

async function play(schedule: Schedule): Promise<ScenarioResult> {
  return (await playWatched(thread, { schedule }))?.result ?? expect.unreachable('nobody stops it');
}

test.each(files)(
  '%s',
  async (name) => {
    const scenario = parseScenario(readFileSync(`${folder}${name}`, 'utf8'), name);
    const { violations, unmet } = await play({ scenario, faults: [], healedAt: undefined });
    expect(violations).toEqual([]);
    expect(unmet).toEqual([]);
  },
  90_000,
);

const schedules = readdirSync(folder).filter((name) => name.endsWith('.schedule.json'));

test.each(schedules)(
  '%s',
  async (name) => {
    const schedule = checkSchedule(JSON.parse(readFileSync(`${folder}${name}`, 'utf8')), name);
    expect(failureOf(await play(schedule))).toBeUndefined();
  },
  90_000,
);
