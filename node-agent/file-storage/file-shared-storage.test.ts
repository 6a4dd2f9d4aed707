import { open, readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#actors';
import { vmId } from '#machines';
import { sharedStorageContract } from '../shared-storage-contract.ts';
import { createArea, openFileStorage, StoreRefused } from './mod.ts';
import { testArea, testLease, testSlot } from './test-area.ts';

const limits = { clock: systemClock, deadlineMs: 5000, oneMachine: true };

sharedStorageContract('file', () => twoOpens(true));
sharedStorageContract('file without O_DIRECT', () => twoOpens(false));

async function twoOpens(direct: boolean) {
  const { path, remove } = await testArea();
  const options = { ...limits, direct };
  const [first, second] = await Promise.all([openFileStorage(path, options), openFileStorage(path, options)]);
  return {
    first,
    second,
    stop: async () => {
      await Promise.all([first.close(), second.close()]);
      await remove();
    },
  };
}

let area: Awaited<ReturnType<typeof testArea>>;
beforeEach(async () => {
  area = await testArea(2, 2);
});
afterEach(() => area.remove());

test('says what it is, and leaves nothing beside the area', async () => {
  const storage = await openFileStorage(area.path, limits);
  expect(storage.description).toContain(`file ${area.path} (2 nodes, 2 VMs; `);
  await storage.close();
  const cached = await openFileStorage(area.path, { ...limits, direct: false });
  expect(cached.description).toContain('NO O_DIRECT HERE');
  await cached.close();
  expect(await readdir(area.folder)).toEqual(['area']);
});

test('two makers of an area do not wipe each other; other sizes and other files are refused', async () => {
  const storage = await openFileStorage(area.path, limits);
  await storage.writeSlot(testSlot('n1', 1));
  await createArea(area.path, { nodes: 2, vms: 1 });
  expect(await storage.readSlots()).toEqual([testSlot('n1', 1)]);
  await expect(createArea(area.path, { nodes: 3, vms: 2 })).rejects.toThrow(/room for 2 nodes and 2 VMs, not for 3/);
  await expect(createArea(`${area.path}2`, { nodes: 0, vms: 2 })).rejects.toThrow(RangeError);
  await writeFile(`${area.path}3`, 'hello');
  await expect(createArea(`${area.path}3`, { nodes: 2, vms: 2 })).rejects.toThrow(StoreRefused);
  await storage.close();
});

test('a full area says so and keeps what it has', async () => {
  const storage = await openFileStorage(area.path, limits);
  for (const node of ['n1', 'n2']) await storage.writeSlot(testSlot(node, 1));
  await expect(storage.writeSlot(testSlot('n3', 1))).rejects.toMatchObject({ code: 'AREA_FULL' });
  for (const vm of ['a', 'b']) await storage.compareAndWriteLease(undefined, testLease('n1', 1, vm));
  await expect(storage.compareAndWriteLease(undefined, testLease('n1', 1, 'c'))).rejects.toMatchObject({
    code: 'AREA_FULL',
  });
  expect(await storage.compareAndWriteLease(testLease('n1', 1, 'c'), testLease('n1', 2, 'c'))).toBe(false);
  expect(await storage.readSlots()).toHaveLength(2);
  await storage.close();
});

describe('a damaged sector', () => {
  const damage = async (sector: number, bytes: Buffer, at = 0) => {
    const file = await open(area.path, 'r+');
    await file.write(bytes, 0, bytes.length, sector * 4096 + at);
    await file.close();
  };

  test.each([
    ['a flipped byte', Buffer.from('x'), 30],
    ['zeros', Buffer.alloc(4096), 0],
    ['bytes behind the record', Buffer.from('x'), 4000],
  ])('%s in a lease is an error that names the sector, never "never written"', async (_, bytes, at) => {
    const storage = await openFileStorage(area.path, limits);
    await storage.compareAndWriteLease(undefined, testLease('n1', 1));
    await damage(6, bytes, at);
    const corrupt = { code: 'SECTOR_CORRUPT', retryable: true, sector: 'lease sector 6 (byte 24576)' };
    await expect(storage.readLease(vmId('web-1'))).rejects.toMatchObject(corrupt);
    await expect(storage.readLeases()).rejects.toMatchObject(corrupt);
    await expect(storage.compareAndWriteLease(undefined, testLease('n2', 1))).rejects.toMatchObject(corrupt);
    await expect(storage.compareAndWriteLease(testLease('n1', 1), testLease('n2', 2))).rejects.toMatchObject(corrupt);
    await storage.close();
  });

  test('of a slot is mended by the next write of its node', async () => {
    const storage = await openFileStorage(area.path, limits);
    await storage.writeSlot(testSlot('n1', 1));
    await damage(2, Buffer.alloc(4096));
    await expect(storage.readSlots()).rejects.toMatchObject({ code: 'SECTOR_CORRUPT' });
    await storage.writeSlot(testSlot('n1', 2));
    expect(await storage.readSlots()).toEqual([testSlot('n1', 2)]);
    await storage.close();
  });

  test('of the header, a short and a missing file are refused at open', async () => {
    await damage(0, Buffer.from('x'));
    await expect(openFileStorage(area.path, limits)).rejects.toThrow(StoreRefused);
    await expect(openFileStorage(`${area.path}-none`, limits)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    await createArea(`${area.path}2`, { nodes: 2, vms: 2 });
    const file = await open(`${area.path}2`, 'r+');
    await file.truncate(5 * 4096);
    await file.close();
    await expect(openFileStorage(`${area.path}2`, limits)).rejects.toThrow(/ends before sector 8/);
  });
});
