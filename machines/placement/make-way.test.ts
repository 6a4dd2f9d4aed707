import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, vmId } from '../ids.ts';
import { planMoves } from './moves.ts';
import { type LeasedVm, type Newcomer, type PlacementNode, ruleSchema } from './types.ts';

const BUNDLE = ['a', 'b', 'c'].map(vmId);
const rules = [ruleSchema.parse({ kind: 'vm', mode: 'together', vms: [...BUNDLE] })];

const nodeOf = (name: string, memoryMiB: number, alive = true): PlacementNode => ({
  ...{ node: nodeId(name), alive, maintenance: false, cpus: 9, memoryMiB },
});
const leasedOn = (vm: string, node: string, memoryMiB: number): LeasedVm => ({
  ...{ vm: vmId(vm), node: nodeId(node), cpus: 1, memoryMiB, ha: true, failback: true, priority: 0, home: null },
});

/** `waits`: it runs nowhere, as it found no room. `added`: the same, and it never ran. */
function movesFor(
  nodes: readonly PlacementNode[],
  vms: readonly LeasedVm[],
  waits: readonly string[],
  added: readonly Newcomer[] = [],
) {
  const roomless = new Set([...waits.map(vmId), ...added.map(({ vm }) => vm)]);
  const placed = vms.filter(({ vm }) => !roomless.has(vm));
  return planMoves({ nodes, placed, rules }, vms, roomless, roomless, added).moves;
}

function plan(...input: Parameters<typeof movesFor>): readonly string[] {
  return movesFor(...input).map(({ vm, to }) => `${vm} ${to}`);
}

function newcomer(vm: string, memoryMiB: number): Newcomer {
  const { node: _, ...rest } = leasedOn(vm, 'n1', memoryMiB);
  return rest;
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

test('F1: companions of one that never ran make way, and who waits for each move is said', () => {
  const nodes = [nodeOf('n1', 4), nodeOf('n2', 4), nodeOf('n3', 8)];
  const moves = movesFor(nodes, [leasedOn('a', 'n1', 3)], [], [newcomer('b', 2)]);
  expect(moves.map(({ vm, to, waiters }) => [vm, to, waiters])).toEqual([['a', 'n3', ['b']]]);
});

test('one that never ran and did not ask for a place moves nobody', () => {
  const nodes = [nodeOf('n1', 4), nodeOf('n3', 8)];
  const vms = [leasedOn('a', 'n1', 3)];
  expect(planMoves({ nodes, placed: vms, rules }, vms, new Set(), new Set(), [newcomer('b', 2)]).moves).toEqual([]);
});

test('where no node holds all, one that never ran does not keep the others on a node in maintenance', () => {
  const nodes = [{ ...nodeOf('n1', 4), maintenance: true }, nodeOf('n2', 4)];
  expect(plan(nodes, [leasedOn('a', 'n1', 3)], [], [newcomer('b', 2)])).toEqual(['a n2']);
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
    fc.property(fc.tuple(memory, memory, memory), fc.tuple(vm, vm, vm, vm), fc.boolean(), (sizes, four, isNew) => {
      const [a, b, c, other] = four;
      const nodes = sizes.map((memoryMiB, i) => nodeOf(`n${i + 1}`, memoryMiB));
      const vms = [
        ...[leasedOn('a', a.on, a.memoryMiB), leasedOn('c', c.on, c.memoryMiB)],
        leasedOn('other', other.on, other.memoryMiB),
        ...(isNew ? [] : [leasedOn('b', b.on, b.memoryMiB)]),
      ];
      const added = isNew ? [newcomer('b', b.memoryMiB)] : [];
      const moves = movesFor(nodes, vms, ['b'], added);
      // Gathering two for whom alone there is room is no way made for the third.
      if (moves.every(({ waiters }) => waiters.length === 0)) {
        expect(isNew || moves.length === 0).toBe(true);
        return;
      }
      const targets = new Set<string>(moves.map(({ to }) => to));
      expect(targets.size).toBe(1);
      const [target = ''] = targets;
      const used = [...vms.filter(({ vm: each, node }) => each !== 'other' || node === target), ...added];
      const room = nodes.find(({ node }) => node === target)?.memoryMiB ?? 0;
      expect(used.reduce((sum, each) => sum + each.memoryMiB, 0)).toBeLessThanOrEqual(room);
      const after = vms.map((each) => (each.vm === 'a' || each.vm === 'c' ? { ...each, node: nodeId(target) } : each));
      expect(plan(nodes, after, ['b'], added)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
