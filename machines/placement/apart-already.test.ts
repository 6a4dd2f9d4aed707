import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, vmId } from '../ids.ts';
import { mayReturnTo } from './apart-already.ts';
import { whyNodeRulesForbid } from './filter.ts';
import { placeAll } from './place.ts';
import { type PlacementNode, ruleSchema } from './types.ts';

const NODES = ['n1', 'n2', 'n3', 'n4'].map(nodeId);
const VMS = ['a', 'b', 'c', 'd', 'e'].map(vmId);
const BUNDLE = VMS.slice(0, 3);

const node = fc.record({
  alive: fc.boolean(),
  maintenance: fc.boolean(),
  memoryMiB: fc.integer({ min: 1, max: 6 }),
});
const vm = fc.record({ on: fc.constantFrom(...NODES), memoryMiB: fc.integer({ min: 1, max: 4 }), asks: fc.boolean() });
const situation = fc
  .record({
    nodes: fc.tuple(node, node, node, node),
    vms: fc.tuple(vm, vm, vm, vm, vm),
    forbidden: fc.constantFrom(...NODES),
  })
  .map(({ nodes, vms, forbidden }) => {
    const rules = [
      ruleSchema.parse({ kind: 'vm', mode: 'together', vms: [...BUNDLE] }),
      ruleSchema.parse({ kind: 'vm', mode: 'apart', vms: ['c', 'd'] }),
      ruleSchema.parse({ kind: 'node', mode: 'forbidden', vms: ['b', 'e'], nodes: [forbidden] }),
    ];
    const leased = vms.map(({ on, memoryMiB }, i) => ({ vm: VMS[i] ?? vmId('x'), node: on, cpus: 0, memoryMiB }));
    const asked = new Set(VMS.filter((_, i) => vms[i]?.asks === true));
    const all = nodes.map((each, i): PlacementNode => ({ ...each, node: NODES[i] ?? nodeId('x'), cpus: 9 }));
    return { nodes: all, rules, leased, asked, placed: leased.filter((each) => !asked.has(each.vm)) };
  });
type Situation = typeof situation extends fc.Arbitrary<infer Found> ? Found : never;

function decided({ nodes, rules, leased, asked, placed }: Situation) {
  const requests = leased
    .filter((each) => asked.has(each.vm))
    .map(({ vm: name, cpus, memoryMiB }) => {
      const returnTo = mayReturnTo({ nodes, rules }, leased, asked, name);
      return { vm: name, cpus, memoryMiB, priority: 0, avoid: [], ...(returnTo === undefined ? {} : { returnTo }) };
    });
  return { requests, placements: placeAll({ nodes, rules, placed }, requests) };
}

test('F1: a companion is parted from those in use only where it was, and only if it was apart from them already', () => {
  fc.assert(
    fc.property(situation, (found) => {
      const { placements } = decided(found);
      const inUse = new Set(found.nodes.filter((each) => each.alive && !each.maintenance).map((each) => each.node));
      for (const { vm: name, node: where } of placements) {
        if (where === undefined || !BUNDLE.includes(name)) continue;
        const stays = found.placed.filter((each) => BUNDLE.includes(each.vm) && inUse.has(each.node));
        if (stays.every((each) => each.node === where)) continue;
        const was = found.leased.find((each) => each.vm === name)?.node;
        // Beside one of several companions that are apart themselves, or back where it was.
        expect(where).toBe(was);
      }
    }),
    { numRuns: 2000 },
  );
});

test('F1, B5: whoever was apart already and whose own node has room for it never waits for a person', () => {
  fc.assert(
    fc.property(situation, (found) => {
      const { requests, placements } = decided(found);
      for (const { vm: name, memoryMiB, returnTo } of requests) {
        if (returnTo === undefined || placements.some((each) => each.vm === name && each.node !== undefined)) continue;
        const home = found.nodes.find((each) => each.node === returnTo);
        if (home === undefined || !home.alive || home.maintenance) continue;
        if (whyNodeRulesForbid(home, { vm: name }, found) !== undefined) continue;
        const there = [
          ...found.placed,
          ...placements.flatMap(({ vm: other, node: where }) => {
            const size = found.leased.find((each) => each.vm === other);
            return where === undefined || size === undefined ? [] : [{ ...size, node: where }];
          }),
        ].filter((each) => each.node === returnTo);
        // The whole bundle keeps away from d.
        if (there.some((each) => each.vm === 'd')) continue;
        expect(there.reduce((sum, each) => sum + each.memoryMiB, memoryMiB)).toBeGreaterThan(home.memoryMiB);
      }
    }),
    { numRuns: 2000 },
  );
});

test('where the bundle is not apart, or only by who is down, the rule holds without exception', () => {
  const nodes = NODES.map((name) => ({ node: name, alive: name !== 'n3', maintenance: false, cpus: 9, memoryMiB: 9 }));
  const rules = [ruleSchema.parse({ kind: 'vm', mode: 'together', vms: ['a', 'b'] })];
  const at = (name: string, where: string) => ({ vm: vmId(name), node: nodeId(where) });
  const to = (where: string, others: readonly ReturnType<typeof at>[], asked = ['b']) =>
    mayReturnTo({ nodes, rules }, [at('b', where), ...others], new Set(asked.map(vmId)), vmId('b'));
  expect(to('n2', [at('a', 'n1')])).toBe('n2');
  expect(to('n1', [at('a', 'n1')])).toBeUndefined();
  expect(to('n2', [at('a', 'n3')])).toBeUndefined();
  expect(to('n2', [at('a', 'n1')], ['a', 'b'])).toBeUndefined();
  expect(to('n2', [at('c', 'n1')])).toBeUndefined();
});
