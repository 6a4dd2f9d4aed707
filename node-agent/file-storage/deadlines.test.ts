import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sleep, systemClock } from '#actors';
import { vmId } from '#machines';
import { ofdLock } from './byte-range-lock.ts';
import { markerGate, openFileStorage } from './mod.ts';
import { testArea, testLease, testSlot } from './test-area.ts';

const DEADLINE_MS = 400;
const limits = { clock: systemClock, deadlineMs: DEADLINE_MS, oneMachine: true };
const unavailable = { code: 'STORAGE_UNAVAILABLE', retryable: true };
const vm = vmId('web-1');
const FIRST_LEASE = 18; // header, probe, 8 slots, 8 start counts

let area: Awaited<ReturnType<typeof testArea>>;
beforeEach(async () => {
  area = await testArea();
});
afterEach(() => area.remove());

test('a cut link: every call throws at its deadline, nothing lands; whole again, it goes on', async () => {
  let cut = false;
  const storage = await openFileStorage(area.path, { ...limits, gate: () => cut });
  await storage.writeSlot(testSlot('n1', 1));
  await storage.compareAndWriteLease(undefined, testLease('n1', 1));
  cut = true;
  const from = systemClock.nowMs();
  const ends = await Promise.allSettled([
    storage.writeSlot(testSlot('n1', 2)),
    storage.writeSlot(testSlot('n1', 3)),
    storage.readSlots(),
    storage.readLease(vm),
    storage.readLeases(),
    storage.compareAndWriteLease(testLease('n1', 1), testLease('n2', 2)),
  ]);
  const took = systemClock.nowMs() - from;
  for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: unavailable });
  expect(took).toBeGreaterThanOrEqual(DEADLINE_MS);
  expect(took).toBeLessThan(3 * DEADLINE_MS);
  cut = false;
  await sleep(systemClock, 50);
  expect(await storage.readSlots()).toEqual([testSlot('n1', 1)]);
  expect(await storage.readLease(vm)).toEqual(testLease('n1', 1));
  await storage.writeSlot(testSlot('n1', 4));
  expect(await storage.readSlots()).toEqual([testSlot('n1', 4)]);
  await storage.close();
});

test('a marker file cuts the link of the processes that look at it', async () => {
  const marker = join(area.folder, 'n1-storage-cut');
  const cut = await openFileStorage(area.path, { ...limits, gate: markerGate(marker) });
  const whole = await openFileStorage(area.path, { ...limits, gate: markerGate(`${marker}-other`) });
  await writeFile(marker, '');
  await expect(cut.writeSlot(testSlot('n1', 1))).rejects.toMatchObject(unavailable);
  await whole.writeSlot(testSlot('n2', 1));
  await rm(marker);
  await cut.writeSlot(testSlot('n1', 2));
  expect(await whole.readSlots()).toEqual([testSlot('n2', 1), testSlot('n1', 2)]);
  await Promise.all([cut.close(), whole.close()]);
});

test('a link whole again before the deadline costs time only', async () => {
  let cut = false;
  const storage = await openFileStorage(area.path, { ...limits, gate: () => cut });
  cut = true;
  const write = storage.writeSlot(testSlot('n1', 1));
  await sleep(systemClock, 50);
  cut = false;
  await write;
  await storage.close();
});

test('a call stuck in the kernel holds its lane only; what waited behind it never lands', async () => {
  const real = ofdLock();
  let stuck: Promise<void> | undefined;
  const lock = {
    ...real,
    tryLock: async (...range: Parameters<typeof real.tryLock>) => {
      const got = await real.tryLock(...range);
      if (range[1] === 'exclusive') await stuck;
      return got;
    },
  };
  const storage = await openFileStorage(area.path, { ...limits, lock });
  await storage.writeSlot(testSlot('n1', 1));
  const free = Promise.withResolvers<void>();
  stuck = free.promise;
  const late = storage.writeSlot(testSlot('n1', 2));
  const behind = storage.writeSlot(testSlot('n1', 3));
  // Both at once: the second fails in the same moment, when nobody would listen to it yet.
  for (const end of await Promise.allSettled([late, behind])) {
    expect(end).toMatchObject({ status: 'rejected', reason: unavailable });
  }
  expect(await storage.readSlots()).toEqual([testSlot('n1', 1)]);
  await expect(storage.writeSlot(testSlot('n1', 4))).rejects.toMatchObject(unavailable);
  stuck = undefined;
  free.resolve();
  await storage.writeSlot(testSlot('n1', 5));
  expect(await storage.readSlots()).toEqual([testSlot('n1', 5)]);
  await storage.close();
});

test('a stuck call: close says so at its deadline, and the file closes when the call comes back', async () => {
  const real = ofdLock();
  let stuck: Promise<void> | undefined;
  let unlocked = 0;
  const lock = {
    tryLock: async (...range: Parameters<typeof real.tryLock>) => {
      const got = await real.tryLock(...range);
      await stuck;
      return got;
    },
    unlock: async (...range: Parameters<typeof real.unlock>) => {
      await real.unlock(...range);
      unlocked += 1;
    },
  };
  const storage = await openFileStorage(area.path, { ...limits, lock });
  const free = Promise.withResolvers<void>();
  stuck = free.promise;
  await expect(storage.writeSlot(testSlot('n1', 1))).rejects.toMatchObject(unavailable);
  await expect(storage.close()).rejects.toMatchObject(unavailable);
  await expect(storage.readSlots()).rejects.toMatchObject(unavailable);
  unlocked = 0;
  free.resolve();
  await expect.poll(() => unlocked).toBeGreaterThan(0);
});

test('a frozen holder of a lock blocks its sector only; its death gives the lock back', async () => {
  const storage = await openFileStorage(area.path, limits);
  await storage.compareAndWriteLease(undefined, testLease('n1', 1));
  await storage.compareAndWriteLease(undefined, testLease('n1', 1, 'other'));
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'test-holder.ts'), area.path, `${FIRST_LEASE}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    holder.kill('SIGSTOP');
    const next = testLease('n2', 2);
    await expect(storage.compareAndWriteLease(testLease('n1', 1), next)).rejects.toMatchObject(unavailable);
    expect(await storage.readLease(vm)).toEqual(testLease('n1', 1));
    const other = [testLease('n1', 1, 'other'), testLease('n2', 2, 'other')] as const;
    expect(await storage.compareAndWriteLease(...other)).toBe(true);
    await storage.writeSlot(testSlot('n1', 1));
    const died = once(holder, 'exit');
    holder.kill('SIGKILL');
    await died;
    expect(await storage.compareAndWriteLease(testLease('n1', 1), next)).toBe(true);
  } finally {
    holder.kill('SIGKILL');
    await storage.close();
  }
});
