import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, vmId } from '../ids.ts';
import { planMoves } from './moves.ts';
import { type LeasedVm, type PlacementNode, ruleSchema } from './types.ts';

const BUNDLE = ['a', 'b', 'c'].map(vmId);
const rules = [ruleSchema.parse({ kind: 'vm', mode: 'together', vms: [...BUNDLE] })];

const nodeOf = (name: string, memoryMiB: number, alive = true): PlacementNode => ({
  ...{ node: nodeId(name), alive, maintenance: false, cpus: 9, memoryMiB },
});
const leasedOn = (vm: string, node: string, memoryMiB: number): LeasedVm => ({
  ...{ vm: vmId(vm), node: nodeId(node), cpus: 1, memoryMiB, ha: true, failback: true, priority: 0, home: null },
});

/** `waits`: it runs nowhere, as it found no room. */
function plan(nodes: readonly PlacementNode[], vms: readonly LeasedVm[], waits: readonly string[]) {
  const roomless = new Set(waits.map(vmId));
  const placed = vms.filter(({ vm }) => !roomless.has(vm));
  return planMoves({ nodes, placed, rules }, vms, roomless, roomless).moves.map(({ vm, to }) => `${vm} ${to}`);
}

const dead = nodeOf('n4', 4, false);
test.each([
  ['make way to a node that holds all', [4, 4, 8], [leasedOn('a', 'n1', 3), leasedOn('b', 'n4', 2)], ['a n3']],
  ['stay where no node holds all', [4, 4, 4], [leasedOn('a', 'n1', 3), leasedOn('b', 'n4', 2)], []],
  ['stay where there is room by now', [5, 4, 8], [leasedOn('a', 'n1', 3), leasedOn('b', 'n4', 2)], []],
  [
    'gather first where all have room',
    [4, 6, 4],
    [leasedOn('a', 'n1', 3), leasedOn('c', 'n2', 1), leasedOn('b', 'n4', 2)],
    ['a n2'],
  ],
])('F1: companions of one that finds no room %s', (_, memory, vms, expected) => {
  const nodes = [...memory.map((memoryMiB, i) => nodeOf(`n${i + 1}`, memoryMiB)), dead];
  expect(plan(nodes, vms, ['b'])).toEqual(expected);
});

test('while one of them is under way nobody makes way', () => {
  const vms = [leasedOn('a', 'n1', 3), leasedOn('b', 'n4', 2)];
  const nodes = [nodeOf('n1', 4), nodeOf('n3', 8), dead];
  const busy = new Set([vmId('a'), vmId('b')]);
  expect(planMoves({ nodes, placed: [], rules }, vms, busy, new Set([vmId('b')])).moves).toEqual([]);
});

test('whoever makes way goes where the whole bundle has room, and where it is then nobody has to make way again', () => {
  const memory = fc.integer({ min: 1, max: 8 });
  const on = fc.constantFrom('n1', 'n2', 'n3');
  const vm = fc.record({ on, memoryMiB: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(fc.tuple(memory, memory, memory), fc.tuple(vm, vm, vm, vm), (sizes, [a, b, c, other]) => {
      const nodes = sizes.map((memoryMiB, i) => nodeOf(`n${i + 1}`, memoryMiB));
      const vms = [
        ...[leasedOn('a', a.on, a.memoryMiB), leasedOn('b', b.on, b.memoryMiB), leasedOn('c', c.on, c.memoryMiB)],
        leasedOn('other', other.on, other.memoryMiB),
      ];
      const moves = plan(nodes, vms, ['b']);
      if (moves.length === 0) return;
      const targets = new Set(moves.map((move) => move.split(' ')[1]));
      expect(targets.size).toBe(1);
      const [target = ''] = targets;
      const used = vms.filter((each) => each.vm !== 'other' || each.node === target);
      const room = nodes.find(({ node }) => node === target)?.memoryMiB ?? 0;
      expect(used.reduce((sum, each) => sum + each.memoryMiB, 0)).toBeLessThanOrEqual(room);
      const after = vms.map((each) => (each.vm === 'a' || each.vm === 'c' ? { ...each, node: nodeId(target) } : each));
      expect(plan(nodes, after, ['b'])).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
