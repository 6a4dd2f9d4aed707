import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import type { SeedOutcome } from './fuzz-seed.ts';
import { DEFAULT_SHAPE } from './random-cluster.ts';

/** Always the same, so that a change that breaks one is the cause. More are played elsewhere. */
const SEEDS = 40;
const shape = { ...DEFAULT_SHAPE, hours: 0.3 };

async function play(seeds: number, workers: number): Promise<readonly SeedOutcome[]> {
  return await fuzz({ seeds, from: 1, workers, shape, onOutcome: () => {} });
}

test(`${SEEDS} fixed seeds break no invariant`, { timeout: 300_000 }, async () => {
  const failed = (await play(SEEDS, 2)).filter(({ failure }) => failure !== undefined);
  expect(failed.map(({ seed, failure }) => `seed ${seed}: ${failure}`)).toEqual([]);
});

test('the same seeds give the same timelines, however many workers and processes share them', {
  timeout: 300_000,
}, async () => {
  const hashes = (await play(4, 1)).map(({ hash }) => hash);
  expect((await play(4, 2)).map(({ hash }) => hash)).toEqual(hashes);
  const program = fileURLToPath(new URL('../../cli/bin.ts', import.meta.url));
  const other = execFileSync(process.execPath, [program, 'sim', 'replay', '3', '--hours', String(shape.hours)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    // Neither the time zone nor the language of a machine may matter.
    env: { ...process.env, TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
  });
  expect(other.trimEnd().split('\n').at(-1)).toBe(`ok ${hashes[2]}`);
});
