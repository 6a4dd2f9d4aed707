import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  checkSchedule,
  failureOf,
  parseScenario,
  playChecked,
  playSchedule,
  productionBuild,
} from '../simulation/mod.ts';

/** Every bug a seed ever found, and every trigger, as a scenario that must come out as its file says. */
const folder = fileURLToPath(new URL('./scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test.each(files)(
  '%s',
  async (name) => {
    const scenario = parseScenario(readFileSync(`${folder}${name}`, 'utf8'), name);
    const { violations, unmet } = await playChecked(scenario, { build: productionBuild });
    expect(violations).toEqual([]);
    expect(unmet).toEqual([]);
  },
  60_000,
);

const schedules = readdirSync(folder).filter((name) => name.endsWith('.schedule.json'));

test.each(schedules)(
  '%s',
  async (name) => {
    const schedule = checkSchedule(JSON.parse(readFileSync(`${folder}${name}`, 'utf8')), name);
    expect(failureOf(await playSchedule(schedule, productionBuild))).toBeUndefined();
  },
  60_000,
);
