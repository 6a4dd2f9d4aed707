import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, vmId } from '../ids.ts';
import { place, placeAll } from './place.ts';
import { type Inventory, type PlacementNode, ruleSchema } from './types.ts';

const vm = vmId('web');
function node(name: string, more: Partial<PlacementNode> = {}): PlacementNode {
  return { node: nodeId(name), alive: true, maintenance: false, cpus: 8, memoryMiB: 8192, ...more };
}
const [n1, n2, n3] = [node('n1'), node('n2'), node('n3')];
const request = { vm, cpus: 1, memoryMiB: 1024, priority: 0, avoid: [] };
const db = { vm: vmId('db'), node: n1.node, cpus: 1, memoryMiB: 1024 };
function rules(...list: unknown[]) {
  return list.map((rule) => ruleSchema.parse(rule));
}

test.each<[string, Partial<Inventory>, string | undefined]>([
  ['the first of equals', {}, 'n1'],
  ['the emptiest', { placed: [db] }, 'n2'],
  ['alive', { nodes: [node('n1', { alive: false }), n2] }, 'n2'],
  ['not in maintenance', { nodes: [node('n1', { maintenance: true }), n2] }, 'n2'],
  ['enough memory', { nodes: [node('n1', { memoryMiB: 1023 }), n2] }, 'n2'],
  ['enough CPUs', { nodes: [node('n1', { cpus: 0 }), n2] }, 'n2'],
  ['required', { rules: rules({ kind: 'node', mode: 'required', vms: ['web'], nodes: ['n3'] }) }, 'n3'],
  ['required, not there', { rules: rules({ kind: 'node', mode: 'required', vms: ['web'], nodes: ['n9'] }) }, undefined],
  ['forbidden', { rules: rules({ kind: 'node', mode: 'forbidden', vms: ['web'], nodes: ['n1', 'n2'] }) }, 'n3'],
  [
    'the higher tier',
    { rules: rules({ kind: 'node', mode: 'preferred', vms: ['web'], nodes: ['n2', { name: 'n3', tier: 2 }] }) },
    'n3',
  ],
  ['apart', { placed: [db], nodes: [n1], rules: rules({ kind: 'vm', mode: 'apart', vms: ['web', 'db'] }) }, undefined],
  ['together', { placed: [db], rules: rules({ kind: 'vm', mode: 'together', vms: ['web', 'db'] }) }, 'n1'],
  [
    'rather together',
    { placed: [db], rules: rules({ kind: 'vm', mode: 'together', strength: 'prefer', vms: ['web', 'db'] }) },
    'n1',
  ],
  [
    'rather apart, but somewhere',
    { placed: [db], nodes: [n1], rules: rules({ kind: 'vm', mode: 'apart', strength: 'prefer', vms: ['web', 'db'] }) },
    'n1',
  ],
  ['the primary zone (B6)', { nodes: [node('n1', { zone: 'secondary' }), node('n2', { zone: 'primary' })] }, 'n2'],
])('chooses %s', (_name, inventory, expected) => {
  const choice = place({ nodes: [n1, n2, n3], placed: [], rules: [], ...inventory }, request);
  expect(choice.node).toBe(expected);
});

test('says why every other node was not chosen', () => {
  const choice = place({ nodes: [node('n1', { alive: false }), n2, n3], placed: [], rules: [] }, request);
  expect(choice.rejected).toEqual([
    { node: 'n1', why: 'not alive' },
    { node: 'n3', why: 'scored not above n2' },
  ]);
});

test('F2: packs when spreading would leave a big one out', () => {
  const nodes = [node('n1', { memoryMiB: 4096 }), node('n2', { memoryMiB: 4096 })];
  const ask = (name: string, memoryMiB: number) => ({ ...request, vm: vmId(name), memoryMiB });
  const plan = placeAll({ nodes, placed: [], rules: [] }, [ask('a', 2048), ask('b', 2048), ask('c', 4096)]);
  expect(plan.every((placement) => placement.node !== undefined)).toBe(true);
});

test('F2: a plan that leaves a more important one out is no better for it bringing back as many', () => {
  const nodes = [node('n1', { memoryMiB: 4096 }), node('n2', { memoryMiB: 3072 })];
  const ask = (name: string, memoryMiB: number, priority: number) => ({
    ...request,
    ...{ vm: vmId(name), memoryMiB, priority },
  });
  const plan = placeAll({ nodes, placed: [], rules: [] }, [ask('a', 3072, 2), ask('b', 1024, 1), ask('c', 4096, 2)]);
  const placed = plan.filter((placement) => placement.node !== undefined).map((placement) => placement.vm);
  expect(placed.toSorted()).toEqual(['a', 'c']);
});

test('F2: nobody gets a place that a more important one who got none could have instead', () => {
  const vms = fc.array(fc.record({ memoryMiB: fc.integer({ min: 256, max: 4096 }), priority: fc.nat(3) }), {
    ...{ minLength: 1, maxLength: 12 },
  });
  fc.assert(
    fc.property(vms, fc.array(fc.integer({ min: 256, max: 8192 }), { minLength: 1, maxLength: 4 }), (sizes, hosts) => {
      const nodes = hosts.map((memoryMiB, index) => node(`n${index}`, { memoryMiB, cpus: 64 }));
      const requests = sizes.map((size, index) => ({ ...request, ...size, vm: vmId(`v${index}`) }));
      const plan = placeAll({ nodes, placed: [], rules: [] }, requests);
      const where = new Map(plan.map((placement) => [placement.vm, placement.node]));
      for (const loser of requests.filter(({ vm }) => where.get(vm) === undefined)) {
        for (const host of nodes) {
          const important = requests.filter(
            ({ vm, priority }) => where.get(vm) === host.node && priority >= loser.priority,
          );
          const used = important.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
          expect(used + loser.memoryMiB).toBeGreaterThan(host.memoryMiB);
        }
      }
    }),
  );
});

test('a copy that is somewhere already is counted first: who must be with it goes there', () => {
  const together = rules({ kind: 'vm', mode: 'together', vms: ['web', 'db'] });
  const there = { ...request, vm: db.vm, only: n3.node };
  const plan = placeAll({ nodes: [n1, n2, n3], placed: [], rules: together }, [{ ...request, priority: 9 }, there]);
  expect(plan.map(({ node: on }) => on)).toEqual(['n3', 'n3']);
});

test('a copy that is somewhere already stays there also where its companions may not go', () => {
  const required = { kind: 'node', mode: 'required', vms: ['web'], nodes: ['n1'] };
  const list = rules({ kind: 'vm', mode: 'together', vms: ['web', 'db'] }, required);
  const there = { ...request, vm: db.vm, only: n3.node };
  const plan = placeAll({ nodes: [n1, n2, n3], placed: [], rules: list }, [request, there]);
  expect(plan.map((each) => [each.vm, each.node])).toEqual([
    ['db', 'n3'],
    ['web', undefined],
  ]);
});

test('answers every request once, whatever rules, nodes and copies there are', () => {
  const names = ['n1', 'n2', 'n3', 'n9'];
  const one = fc.constantFrom(...names);
  const vms = ['v0', 'v1', 'v2', 'v3', 'v4'];
  const some = fc.subarray(vms, { minLength: 2 });
  const rule = fc.oneof(
    fc.record({ kind: fc.constant('vm'), mode: fc.constantFrom('together', 'apart'), vms: some }),
    fc.record({
      ...{ kind: fc.constant('node'), mode: fc.constantFrom('required', 'preferred', 'forbidden') },
      ...{ vms: some, nodes: fc.subarray(names, { minLength: 1 }) },
    }),
  );
  const asking = fc.record(
    { memoryMiB: fc.integer({ min: 256, max: 4096 }), priority: fc.nat(2), only: one, returnTo: one, stay: one },
    { requiredKeys: ['memoryMiB', 'priority'] },
  );
  const host = fc.record({ alive: fc.boolean(), maintenance: fc.boolean(), memoryMiB: fc.constantFrom(2048, 8192) });
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 3 }),
      fc.array(asking, { minLength: 1, maxLength: 5 }),
      fc.array(host, { maxLength: 3 }),
      (list, asked, hosts) => {
        const nodes = hosts.map((each, index) => node(`n${index + 1}`, each));
        const requests = asked.map(({ only, returnTo, stay, ...each }, index) => ({
          ...request,
          ...each,
          vm: vmId(`v${index}`),
          ...(only === undefined ? {} : { only: nodeId(only) }),
          ...(returnTo === undefined ? {} : { returnTo: nodeId(returnTo) }),
          ...(stay === undefined ? {} : { stay: nodeId(stay) }),
        }));
        const plan = placeAll({ nodes, placed: [], rules: rules(...list) }, requests);
        expect(plan.map(({ vm: each }) => each).toSorted()).toEqual(requests.map(({ vm: each }) => each));
        for (const { vm: each, only } of requests) {
          if (only !== undefined) expect(plan.find((placement) => placement.vm === each)?.node).toBe(only);
        }
      },
    ),
  );
});

test('never overfills a node and never breaks a must rule', () => {
  const size = fc.integer({ min: 256, max: 4096 });
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), fc.array(size, { minLength: 1, maxLength: 4 }), (sizes, hosts) => {
      const nodes = hosts.map((memoryMiB, index) => node(`n${index}`, { memoryMiB, cpus: 64 }));
      const requests = sizes.map((memoryMiB, index) => ({ ...request, vm: vmId(`v${index}`), memoryMiB }));
      const apart = sizes.length < 2 ? [] : rules({ kind: 'vm', mode: 'apart', vms: ['v0', 'v1'] });
      const plan = placeAll({ nodes, placed: [], rules: apart }, requests);
      for (const host of nodes) {
        const here = plan.filter((placement) => placement.node === host.node).map((placement) => placement.vm);
        const used = here.reduce((sum, name) => sum + (requests.find((r) => r.vm === name)?.memoryMiB ?? 0), 0);
        expect(used).toBeLessThanOrEqual(host.memoryMiB);
        expect(here.includes(vmId('v0')) && here.includes(vmId('v1'))).toBe(false);
      }
    }),
  );
});

test('a companion that runs elsewhere binds also those who are placed together', () => {
  const together = rules({ kind: 'vm', mode: 'together', vms: ['web', 'api', 'db'] });
  const [web, api] = [
    { ...request, memoryMiB: 4096 },
    { ...request, vm: vmId('api'), memoryMiB: 4096 },
  ];
  const inventory = { nodes: [n1, n2, n3], placed: [{ ...db, memoryMiB: 4096 }], rules: together };
  const plan = placeAll(inventory, [web, api]);
  expect(plan.map((each) => each.node)).toEqual(['n1', undefined]);
});
