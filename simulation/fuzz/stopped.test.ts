import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { DEFAULT_SHAPE } from './random-cluster.ts';
import { shrinkSeed } from './shrink-seed.ts';

test('seeds that are stopped give the outcomes there are, at once', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const began: number[] = [];
  const outcomes = await fuzz({
    ...{ seeds: 1_000_000, from: 1, workers: 1, shape: DEFAULT_SHAPE, signal: stop.signal },
    onOutcome: () => {
      began.push(performance.now());
      stop.abort();
    },
  });
  expect(outcomes.length).toBe(began.length);
  expect(performance.now() - (began[0] ?? 0)).toBeLessThan(5000);
});

test('a search for the smallest schedule that is stopped gives none', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const search = shrinkSeed(1, { ...DEFAULT_SHAPE, hours: 24 }, 150, { signal: stop.signal });
  setTimeout(() => stop.abort(), 1000);
  expect(await search).toBeUndefined();
  expect(await shrinkSeed(1, DEFAULT_SHAPE, 150, { signal: stop.signal })).toBeUndefined();
});
