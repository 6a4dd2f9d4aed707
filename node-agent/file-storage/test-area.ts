import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, vmId } from '#machines';
import type { LeaseSector, Slot } from '#ports';
import { createArea } from './create-area.ts';

/** For the tests: an area in a folder of its own. */
export async function testArea(nodes = 8, vms = 32) {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-storage-'));
  const path = join(folder, 'area');
  await createArea(path, { nodes, vms });
  return { folder, path, remove: () => rm(folder, { recursive: true }) };
}

export function testSlot(node: string, sequence: number): Slot {
  return { node: nodeId(node), incarnation: 1, sequence, state: 'running' };
}

export function testLease(node: string, generation: number, vm = 'web-1'): LeaseSector {
  return { vm: vmId(vm), epoch: 1, generation, status: 'held', node: nodeId(node), incarnation: 1, sequence: 0 };
}
