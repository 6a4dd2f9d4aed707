import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#actors';
import { openFileStorage, StoreRefused } from './mod.ts';
import { testArea } from './test-area.ts';

let area: Awaited<ReturnType<typeof testArea>>;
beforeEach(async () => {
  area = await testArea();
});
afterEach(() => area.remove());

test('a store whose locks do nothing is refused with the evidence', async () => {
  const useless = { tryLock: async () => true, unlock: async () => undefined };
  const opening = openFileStorage(area.path, { clock: systemClock, deadlineMs: 5000, lock: useless });
  await expect(opening).rejects.toThrow(StoreRefused);
  await expect(opening).rejects.toThrow(/round 1 of the probe: writers 0, 1.* of 3 won/);
});

test('many opens that probe at the same time do not refuse each other', async () => {
  const limits = { clock: systemClock, deadlineMs: 10_000 };
  const all = await Promise.all(Array.from({ length: 5 }, () => openFileStorage(area.path, limits)));
  await Promise.all(all.map((storage) => storage.close()));
});

test('of several processes exactly one wins each of 1,000 generations', { timeout: 60_000 }, async () => {
  const wins = await Promise.all(['n1', 'n2', 'n3'].map((node) => racer(area.path, node, 1000)));
  const generations = wins.flat().sort((a, b) => a - b);
  expect(generations).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
});

/** A process of its own that tries to raise the lease's generation until it is `last`; the generations it won. */
function racer(path: string, node: string, last: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test-racer.ts'), path, node, String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(z.array(z.number()).parse(JSON.parse(output)));
      else reject(new Error(`racer ${node}: status ${status}`));
    });
  });
}
