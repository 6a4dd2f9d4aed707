import { spawn } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import type { LeaseSector } from '#ports';
import { FileSharedStorage } from './file-shared-storage.ts';
import { StoreRefused } from './mod.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-storage-'));
  path = join(folder, 'area');
  await FileSharedStorage.create(path);
});
afterEach(async () => await rm(folder, { recursive: true }));

const lease = (node: string, generation: number, vm = 'web-1'): LeaseSector => ({
  vm: vmId(vm),
  epoch: 1,
  generation,
  status: 'held',
  node: nodeId(node),
  incarnation: 1,
});

test('slots and leases are read back, also by another opener', async () => {
  const [a, b] = [await FileSharedStorage.open(path), await FileSharedStorage.open(path)];
  await a.writeSlot({ node: nodeId('n1'), incarnation: 1, sequence: 1, state: 'running' });
  await b.writeSlot({ node: nodeId('n2'), incarnation: 4, sequence: 9, state: 'isolated' });
  await a.writeSlot({ node: nodeId('n1'), incarnation: 1, sequence: 2, state: 'running' });
  expect(await b.readSlots()).toEqual([
    { node: 'n1', incarnation: 1, sequence: 2, state: 'running' },
    { node: 'n2', incarnation: 4, sequence: 9, state: 'isolated' },
  ]);
  expect(await a.readLease(vmId('web-1'))).toBeUndefined();
  expect(await a.compareAndWriteLease(undefined, lease('n1', 1))).toBe(true);
  expect(await b.compareAndWriteLease(undefined, lease('n2', 1))).toBe(false);
  expect(await b.compareAndWriteLease(lease('n2', 1), lease('n2', 2))).toBe(false);
  expect(await b.compareAndWriteLease(lease('n1', 1), lease('n2', 2))).toBe(true);
  expect(await a.readLease(vmId('web-1'))).toEqual(lease('n2', 2));
  expect(await b.compareAndWriteLease(lease('n1', 1, 'db-1'), lease('n2', 2, 'db-1'))).toBe(false);
  expect(await a.readLeases()).toHaveLength(1);
  await Promise.all([a.close(), b.close()]);
  expect(await readdir(folder)).toEqual(['area']);
});

test('two makers of an area do not wipe each other', async () => {
  const storage = await FileSharedStorage.open(path);
  await storage.writeSlot({ node: nodeId('n1'), incarnation: 1, sequence: 1, state: 'running' });
  await FileSharedStorage.create(path);
  expect(await storage.readSlots()).toHaveLength(1);
  await storage.close();
});

test('a damaged sector is an error that names it, never a silent absence', async () => {
  const storage = await FileSharedStorage.open(path);
  await storage.compareAndWriteLease(undefined, lease('n1', 1));
  const file = await open(path, 'r+');
  await file.write(Buffer.from('x'), 0, 1, 128 * 512 + 30);
  await file.close();
  await expect(storage.readLease(vmId('web-1'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  await storage.close();
});

describe('races', () => {
  test('a store whose locks do nothing is refused with the evidence', async () => {
    const useless = { tryLock: () => true, unlock: () => undefined };
    await expect(FileSharedStorage.open(path, useless)).rejects.toThrow(StoreRefused);
    await expect(FileSharedStorage.open(path, useless)).rejects.toThrow(/of 6 writers won/);
    expect(await readdir(folder)).toEqual(['area']);
  });

  test('of several processes exactly one wins each generation', { timeout: 30_000 }, async () => {
    const wins = await Promise.all(['n1', 'n2', 'n3', 'n4'].map((node) => racer(path, node, 50)));
    const generations = wins.flat().sort((a, b) => a - b);
    expect(generations).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('a first lease written by several processes has one winner for each VM', { timeout: 30_000 }, async () => {
    await Promise.all(['n1', 'n2', 'n3'].map((node) => racer(path, node, 1)));
    const storage = await FileSharedStorage.open(path);
    expect(await storage.readLeases()).toHaveLength(1);
    await storage.close();
  });
});

/** A process of its own that tries to raise the lease's generation until it is `last`; the generations it won. */
function racer(area: string, node: string, last: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test-racer.ts'), area, node, String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0)
        resolve(JSON.parse(output) as number[]); // written by test-racer.ts
      else reject(new Error(`racer ${node}: status ${status}`));
    });
  });
}
