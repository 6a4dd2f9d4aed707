import { randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AreaSize, blankArea, readLayout } from './area-layout.ts';
import { StoreRefused } from './errors.ts';
import { BLOCK_BYTES } from './sector.ts';

/**
 * Makes an empty area with room for that many nodes and VMs, on the disk when it resolves. An area already there is
 * left as it is, and two that make it at once get the same one. Throws `StoreRefused` when the file there is no area
 * or is too small, `RangeError` for sizes out of bounds, and what the file system says.
 */
export async function createArea(path: string, size: AreaSize): Promise<void> {
  const bytes = blankArea(size, randomUUID());
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    await link(draft, path); // all or nothing, and never over another's area
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    await checkExisting(path, size);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

async function checkExisting(path: string, size: AreaSize): Promise<void> {
  const file = await open(path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, 0);
    const { nodes, vms } = readLayout(path, block.subarray(0, bytesRead));
    if (nodes >= size.nodes && vms >= size.vms) return;
    throw new StoreRefused(`${path} has room for ${nodes} nodes and ${vms} VMs, not for ${size.nodes} and ${size.vms}`);
  } finally {
    await file.close();
  }
}
