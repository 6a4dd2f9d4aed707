import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  DEFAULT_SHAPE,
  parseScenario,
  play,
  playSchedule,
  productionBuild,
  randomSchedule,
} from '../simulation/mod.ts';

const SCENARIOS = ['power-off.yaml', 'migrate-source-dies.yaml', 'storage-blip.yaml', 'zone-rule.yaml'];
const SEEDS = [1, 2, 3, 5, 8];

/**
 * Kept in the repository, so that another machine, time zone, language or release of Node.js that plays anything else is found
 * out. What the product does changed on purpose: `npx vitest run --project unit test/timeline-hashes.test.ts -u` writes anew.
 */
test('the timelines of some scenarios and seeds are the same everywhere', async () => {
  const lines: string[] = [];
  for (const name of SCENARIOS) {
    const file = fileURLToPath(new URL(`./scenarios/${name}`, import.meta.url));
    const { hash } = await play(parseScenario(readFileSync(file, 'utf8'), name), { build: productionBuild });
    lines.push(`${hash} ${name}`);
  }
  for (const seed of SEEDS) {
    const { hash } = await playSchedule(randomSchedule(seed, { ...DEFAULT_SHAPE, hours: 0.2 }), productionBuild);
    lines.push(`${hash} seed ${seed}`);
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('timeline-hashes.txt');
}, 30_000);
