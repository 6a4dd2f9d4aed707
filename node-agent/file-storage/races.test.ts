import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#actors';
import { vmId } from '#machines';
import { openFileStorage, StoreRefused } from './mod.ts';
import { testArea } from './test-area.ts';

let area: Awaited<ReturnType<typeof testArea>>;
beforeEach(async () => {
  area = await testArea();
});
afterEach(() => area.remove());

test('a store whose locks do nothing is refused with the evidence', async () => {
  const useless = { tryLock: async () => true, unlock: async () => undefined };
  const opening = openFileStorage(area.path, { clock: systemClock, deadlineMs: 5000, oneMachine: true, lock: useless });
  await expect(opening).rejects.toThrow(StoreRefused);
  // Which of them win is the operating system's choice; that two do is what no store may allow.
  await expect(opening).rejects.toThrow(/round 1 of the probe: writers \d(, \d)+ of 3 won/);
});

test('many opens that probe at the same time do not refuse each other', async () => {
  const limits = { clock: systemClock, deadlineMs: 10_000, oneMachine: true };
  const all = await Promise.all(Array.from({ length: 5 }, () => openFileStorage(area.path, limits)));
  await Promise.all(all.map((storage) => storage.close()));
});

test('of several processes exactly one wins each of 1,000 generations', { timeout: 60_000 }, async () => {
  const wins = await Promise.all(['n1', 'n2', 'n3'].map((node) => racer(area.path, node, 1000)));
  const generations = wins.flat().sort((a, b) => a - b);
  expect(generations).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
});

test('racers killed at any moment leave no damage, no lock and no lost generation', { timeout: 60_000 }, async () => {
  const storage = await openFileStorage(area.path, { clock: systemClock, deadlineMs: 10_000, oneMachine: true });
  const survivor = racer(area.path, 'n1', 600);
  for (let victim = 2; victim <= 4; victim += 1) {
    const child = spawnRacer(area.path, `n${victim}`, 600);
    const ended = once(child, 'exit');
    // Killed in the midst of its race: as soon as a generation of its own is seen in the sector.
    for (;;) {
      const lease = await storage.readLease(vmId('web-1'));
      if (lease?.node === `n${victim}` || lease?.generation === 600) break;
    }
    child.kill('SIGKILL');
    await ended;
  }
  const won = await survivor;
  expect(won.length).toBe(new Set(won).size);
  expect(await storage.readLease(vmId('web-1'))).toMatchObject({ generation: 600 });
  expect(await storage.readLeases()).toHaveLength(1);
  await storage.close();
});

/** A process of its own that tries to raise the lease's generation until it is `last`; the generations it won. */
function racer(path: string, node: string, last: number): Promise<number[]> {
  const child = spawnRacer(path, node, last);
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

function spawnRacer(path: string, node: string, last: number) {
  return spawn(process.execPath, [join(import.meta.dirname, 'test-racer.ts'), path, node, String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
