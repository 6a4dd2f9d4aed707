import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import type { LeaseSector } from '#ports';
import { MemoryDatabase } from '../database/mod.ts';
import { isStopUnheard, type KnownStops, tellStop } from './tell-stop.ts';

const [node, vm] = [nodeId('n1'), vmId('vm-1')];
const sector: LeaseSector = { vm, node, epoch: 3, generation: 7, status: 'stopped', incarnation: 1, sequence: 1 };

async function toldWith(body: object | undefined): Promise<{ readonly told: number; readonly isUnheard: boolean }> {
  const database = new MemoryDatabase();
  const spec = { vm, cpus: 1, memoryMiB: 512, disk: 'd' };
  if (body !== undefined) await database.create('vms', vm, { spec, ha: true, priority: 0, failback: true, ...body });
  const known: KnownStops = new Map();
  let told = 0;
  await tellStop({ database, node }, known, sector, () => {
    told += 1;
  });
  return { told, isUnheard: isStopUnheard(node, known, sector) };
}

test.each([
  ['recorded as running under that lease', { recorded: 'running', lease: { node, epoch: 3 } }, true],
  ['recorded as stopped', { recorded: 'stopped', lease: { node, epoch: 3 } }, false],
  ['leased anew since', { recorded: 'running', lease: { node, epoch: 4 } }, false],
  ['leased elsewhere', { recorded: 'running', lease: { node: 'n2', epoch: 3 } }, false],
  ['removed', undefined, false],
])('T7b: a stop that is %s', async (_, body, isTold) => {
  expect(await toldWith(body)).toEqual({ told: isTold ? 1 : 0, isUnheard: isTold });
});

test('only what this host marked stopped is asked about, and a new stop is asked about anew', () => {
  const known: KnownStops = new Map([[vm, 7]]);
  expect(isStopUnheard(node, known, sector)).toBe(false);
  expect(isStopUnheard(node, known, { ...sector, generation: 9 })).toBe(true);
  expect(isStopUnheard(node, new Map(), { ...sector, status: 'held' })).toBe(false);
  expect(isStopUnheard(nodeId('n2'), new Map(), sector)).toBe(false);
});
