import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, vmId } from '../ids.ts';
import { contradictionsOf } from './contradictions.ts';
import { whyForbidden } from './filter.ts';
import { planMoves } from './moves.ts';
import { type Inventory, type LeasedVm, type PlacementNode, type Rule, ruleSchema } from './types.ts';
import { planUserMove } from './user-move.ts';

type Nodes = Record<string, Partial<PlacementNode>>;
type Vms = Record<string, string | ({ on: string } & Partial<Omit<LeasedVm, 'home'>> & { home?: string })>;

function clusterOf(nodes: Nodes, vms: Vms, rules: readonly unknown[] = []): { inventory: Inventory; vms: LeasedVm[] } {
  const leased = Object.entries(vms).map(([id, entry]): LeasedVm => {
    const { on, home, ...more } = typeof entry === 'string' ? { on: entry } : entry;
    const fixed = { vm: vmId(id), node: nodeId(on), home: home === undefined ? null : nodeId(home) };
    return { cpus: 1, memoryMiB: 1024, ha: true, failback: true, priority: 0, ...more, ...fixed };
  });
  const inventory: Inventory = {
    nodes: Object.entries(nodes).map(([name, more]) => {
      return { node: nodeId(name), alive: true, maintenance: false, cpus: 8, memoryMiB: 8192, ...more };
    }),
    placed: leased,
    rules: rules.map((rule) => ruleSchema.parse(rule)),
  };
  return { inventory, vms: leased };
}

function moved({ inventory, vms }: ReturnType<typeof clusterOf>, busy: string[] = []): Record<string, string> {
  const { moves } = planMoves(inventory, vms, new Set(busy.map(vmId)));
  return Object.fromEntries(moves.map(({ vm, to }) => [vm, to]));
}

const three: Nodes = { n1: {}, n2: {}, n3: {} };
const together = (...vms: string[]) => ({ kind: 'vm', mode: 'together', vms });
const apart = (...vms: string[]) => ({ kind: 'vm', mode: 'apart', vms });
const on = (mode: string, vms: string[], ...nodes: unknown[]) => ({ kind: 'node', mode, vms, nodes });

test.each<[string, Nodes, Vms, unknown[], Record<string, string>]>([
  ['stay where nothing speaks against it', three, { a: 'n1', b: 'n1' }, [], {}],
  ['leave a forbidden node', three, { a: 'n1' }, [on('forbidden', ['a'], 'n1')], { a: 'n2' }],
  ['go to a required node', three, { a: 'n1' }, [on('required', ['a'], 'n3')], { a: 'n3' }],
  [
    'go to the preferred tier',
    three,
    { a: 'n1' },
    [on('preferred', ['a'], 'n2', { name: 'n3', tier: 2 })],
    { a: 'n3' },
  ],
  [
    'wait for a preferred node that is down',
    { n1: {}, n2: { alive: false } },
    { a: 'n1' },
    [on('preferred', ['a'], 'n2')],
    {},
  ],
  ['not go back without failback', three, { a: { on: 'n1', failback: false } }, [on('preferred', ['a'], 'n3')], {}],
  [
    'leave a required-not node also without failback',
    three,
    { a: { on: 'n1', failback: false } },
    [on('required', ['a'], 'n3')],
    { a: 'n3' },
  ],
  ['part a pair that must be apart, moving one of them', three, { a: 'n1', b: 'n1' }, [apart('a', 'b')], { a: 'n2' }],
  [
    'move the less important of a pair last',
    three,
    { a: 'n1', b: { on: 'n1', priority: 5 } },
    [apart('a', 'b')],
    { b: 'n2' },
  ],
  ['gather where most are', three, { a: 'n2', b: 'n3', c: 'n3' }, [together('a', 'b', 'c')], { a: 'n3' }],
  ['gather a chain', three, { a: 'n3', b: 'n3', c: 'n1' }, [together('a', 'b'), together('b', 'c')], { c: 'n3' }],
  [
    'spread a trio over the nodes it prefers',
    { ...three, n4: {}, n5: {} },
    { a: 'n1', b: 'n1', c: 'n1' },
    [on('preferred', ['a', 'b', 'c'], 'n2', 'n3', 'n4'), apart('a', 'b', 'c')],
    { a: 'n2', b: 'n3', c: 'n4' },
  ],
  [
    'untangle two bundles that must be apart, each to a node free of the other',
    three,
    { a1: 'n1', a2: 'n3', a3: 'n1', b1: 'n1', b2: 'n2', b3: 'n1' },
    [together('a1', 'a2', 'a3'), together('b1', 'b2', 'b3'), apart('a1', 'b1')],
    { a1: 'n3', a3: 'n3', b1: 'n2', b3: 'n2' },
  ],
  [
    'untangle them also where no node is free of the other',
    { n1: {}, n2: {} },
    { a1: 'n1', a2: 'n2', b1: 'n1', b2: 'n2' },
    [together('a1', 'a2'), together('b1', 'b2'), apart('a1', 'b1')],
    { a2: 'n1', b1: 'n2' },
  ],
  [
    'empty a node in maintenance',
    { n1: { maintenance: true }, n2: {} },
    { a: 'n1', b: { on: 'n1', ha: false } },
    [],
    { a: 'n2', b: 'n2' },
  ],
  ['come home after it', three, { a: { on: 'n2', home: 'n1' } }, [], { a: 'n1' }],
  ['not come home without failback', three, { a: { on: 'n2', home: 'n1', failback: false } }, [], {}],
  ['not come home into maintenance', { n1: { maintenance: true }, n2: {} }, { a: { on: 'n2', home: 'n1' } }, [], {}],
  ['prefer the tier to the home', three, { a: { on: 'n3', home: 'n1' } }, [on('preferred', ['a'], 'n3')], {}],
  ['leave the unprotected alone', three, { a: { on: 'n1', ha: false } }, [on('forbidden', ['a'], 'n1')], {}],
  [
    'leave to recovery what is on a dead node',
    { n1: { alive: false }, n2: {} },
    { a: 'n1' },
    [on('forbidden', ['a'], 'n1')],
    {},
  ],
  [
    'keep the whole bundle waiting for room',
    { n1: {}, n2: { memoryMiB: 1024 } },
    { a: 'n1', b: 'n1' },
    [together('a', 'b'), on('forbidden', ['a'], 'n1')],
    {},
  ],
  [
    'at most four at a time',
    { n1: { maintenance: true }, n2: {} },
    { a: 'n1', b: 'n1', c: 'n1', d: 'n1', e: 'n1' },
    [],
    { a: 'n2', b: 'n2', c: 'n2', d: 'n2' },
  ],
  [
    'obey a zone rule',
    { n1: { zone: 'secondary' }, n2: { zone: 'primary' } },
    { a: 'n1' },
    [{ kind: 'zone', mode: 'must', zone: 'primary', vms: ['a'] }],
    { a: 'n2' },
  ],
])('running VMs %s', (_, nodes, vms, rules, expected) => {
  expect(moved(clusterOf(nodes, vms, rules))).toEqual(expected);
});

test('a VM under way counts at both ends', () => {
  const { inventory, vms } = clusterOf({ n1: {}, n2: {}, n3: {} }, { a: 'n1', b: 'n3' }, [
    apart('a', 'b'),
    on('forbidden', ['b'], 'n3'),
  ]);
  const placed = inventory.placed.map((vm) => (vm.vm === 'a' ? { ...vm, node: nodeId('n2') } : vm));
  const plan = planMoves({ ...inventory, placed }, vms, new Set([vmId('a')]));
  expect(plan).toEqual({ moves: [], stuck: [{ vm: 'b', why: expect.stringContaining('must stay apart from a') }] });
});

test.each<[string, Vms, unknown[], string, string, Record<string, string> | RegExp]>([
  ['moves', { a: 'n1' }, [], 'a', 'n2', { a: 'n2' }],
  ['moves the bundle', { a: 'n1', b: 'n1' }, [together('a', 'b')], 'b', 'n3', { a: 'n3', b: 'n3' }],
  ['is refused beside an opponent', { a: 'n1', b: 'n2' }, [apart('a', 'b')], 'a', 'n2', /must stay apart from b/],
  ['is refused off the required nodes', { a: 'n1' }, [on('required', ['a'], 'n1')], 'a', 'n2', /not among the nodes/],
  ['is refused where it is', { a: 'n1' }, [], 'a', 'n1', /on n1 already/],
  ['is refused without room', { a: 'n1', b: { on: 'n2', memoryMiB: 8000 } }, [], 'a', 'n2', /MiB free/],
  ['is refused for a VM that does not run', { a: 'n1' }, [], 'z', 'n2', /does not run/],
  ['is refused to an unknown node', { a: 'n1' }, [], 'a', 'n9', /no node n9/],
])("a user's move %s", (_, vms, rules, vm, to, expected) => {
  const { inventory, vms: leased } = clusterOf(three, vms, rules);
  const plan = planUserMove(inventory, leased, new Set(), { vm: vmId(vm), to: nodeId(to) });
  if (expected instanceof RegExp) expect(plan).toEqual({ refused: expect.stringMatching(expected) });
  else expect('moves' in plan && Object.fromEntries(plan.moves.map((move) => [move.vm, move.to]))).toEqual(expected);
});

test.each<[string, unknown[], RegExp | undefined]>([
  ['together and apart', [together('a', 'b'), apart('b', 'a')], /a and b must be together and apart|b and a/],
  ['together by a chain and apart', [together('a', 'b'), together('b', 'c'), apart('a', 'c')], /together and apart/],
  ['required and forbidden', [on('required', ['a'], 'n1'), on('forbidden', ['a'], 'n1')], /no node is allowed for a/],
  ['two required nodes', [on('required', ['a'], 'n1'), on('required', ['a'], 'n2')], /no node/],
  [
    'a bundle torn by its nodes',
    [together('a', 'b'), on('required', ['a'], 'n1'), on('required', ['b'], 'n2')],
    /no node is allowed for a, b/,
  ],
  ['more to be apart than nodes', [apart('a', 'b', 'c', 'd')], /apart, but have only n1, n2, n3/],
  ['apart on too few nodes', [apart('a', 'b'), on('required', ['a', 'b'], 'n1')], /have only n1/],
  [
    'one node for two of three',
    [apart('a', 'b', 'c'), on('required', ['a', 'b'], 'n1', 'n2'), on('required', ['c'], 'n2', 'n3')],
    undefined,
  ],
  ['mere wishes', [on('preferred', ['a'], 'n1'), on('forbidden', ['a'], 'n1'), apart('a', 'b')], undefined],
])('contradictory or not: %s', (_, rules, expected) => {
  const { inventory } = clusterOf(three, {}, rules);
  const found = contradictionsOf(inventory.rules, inventory.nodes).join('; ');
  if (expected === undefined) expect(found).toBe('');
  else expect(found).toMatch(expected);
});

/** With these VMs also where they may have been left. */
function withUncertain({ inventory, vms }: ReturnType<typeof clusterOf>, left: Readonly<Record<string, string>>) {
  const uncertain = Object.entries(left).map(([id, node]) => {
    const { cpus = 1, memoryMiB = 1024 } = vms.find(({ vm }) => vm === id) ?? {};
    return { vm: vmId(id), node: nodeId(node), cpus, memoryMiB, uncertain: true as const };
  });
  return { inventory: { ...inventory, placed: [...inventory.placed, ...uncertain] }, vms };
}

test('where a VM may run still nothing is moved that has no room beside it or must keep away', () => {
  const rules = [on('forbidden', ['a'], 'n1'), apart('a', 'b')];
  const cluster = clusterOf(three, { a: 'n1', b: { on: 'n3', memoryMiB: 8192 } }, rules);
  expect(moved(cluster)).toEqual({ a: 'n2' });
  expect(moved(withUncertain(cluster, { b: 'n2' }))).toEqual({});
  expect(
    moved(withUncertain(clusterOf(three, { a: 'n1', c: { on: 'n3', memoryMiB: 8192 } }, rules), { c: 'n2' })),
  ).toEqual({});
  const plan = planUserMove(...placesOf(withUncertain(cluster, { b: 'n2' })), { vm: vmId('a'), to: nodeId('n2') });
  expect(plan).toEqual({ refused: expect.stringMatching(/apart from b/) });
});

function placesOf({ inventory, vms }: ReturnType<typeof clusterOf>) {
  return [inventory, vms, new Set<never>()] as const;
}

test('its own trace keeps nobody away, and companions need not follow it', () => {
  const own = withUncertain(clusterOf(three, { a: 'n1' }, [on('required', ['a'], 'n2')]), { a: 'n2' });
  expect(moved(own)).toEqual({ a: 'n2' });
  const pair = clusterOf(three, { a: 'n1', b: 'n1' }, [together('a', 'b')]);
  expect(moved(withUncertain(pair, { b: 'n3' }))).toEqual({});
});

const someRules = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('vm'), mode: fc.constantFrom('together', 'apart'), vms: vmsOf(2) }),
    fc.record({
      kind: fc.constant('node'),
      mode: fc.constantFrom('required', 'preferred', 'forbidden'),
      vms: vmsOf(1),
      nodes: fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3', 'n4'), { minLength: 1, maxLength: 3 }),
    }),
  ),
  { maxLength: 4 },
);
function vmsOf(minLength: number) {
  return fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength, maxLength: 4 });
}
const somewhere = fc.constantFrom('n1', 'n2', 'n3', 'n4');

test('whatever the rules, carrying out the plans ends, and everything that a plan left in peace breaks no rule', () => {
  fc.assert(
    fc.property(someRules, fc.tuple(somewhere, somewhere, somewhere, somewhere, somewhere), (rules, where) => {
      const nodes = { n1: {}, n2: {}, n3: {}, n4: {} };
      let at: Record<string, string> = Object.fromEntries(
        ['a', 'b', 'c', 'd', 'e'].map((vm, i) => [vm, where[i] ?? 'n1']),
      );
      for (let round = 0; ; round += 1) {
        expect(round).toBeLessThan(12);
        const { inventory, vms } = clusterOf(nodes, at, rules);
        const { moves, stuck } = planMoves(inventory, vms, new Set());
        if (moves.length === 0) {
          if (stuck.length > 0 || contradictionsOf(inventory.rules, inventory.nodes).length > 0) return;
          for (const vm of vms) {
            const here = inventory.nodes.find(({ node }) => node === vm.node);
            expect(here && whyForbidden(here, vm, inventory)).toBeUndefined();
          }
          return;
        }
        at = { ...at, ...Object.fromEntries(moves.map(({ vm, to }) => [vm, to])) };
      }
    }),
  );
});

test('whatever the rules, no move goes to where it breaks one or overfills a node, counting wherever a VM may be', () => {
  const traces = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), somewhere, { maxKeys: 3 });
  const places = fc.tuple(somewhere, somewhere, somewhere, somewhere, somewhere);
  fc.assert(
    fc.property(someRules, places, traces, (rules, where, left) => {
      const at = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((vm, i) => [vm, where[i] ?? 'n1']));
      const nodes = Object.fromEntries(['n1', 'n2', 'n3', 'n4'].map((name) => [name, { memoryMiB: 3072 }]));
      const traced = Object.fromEntries(Object.entries(left).filter(([vm, node]) => at[vm] !== node));
      const { inventory, vms } = withUncertain(clusterOf(nodes, at, rules), traced);
      fc.pre(contradictionsOf(inventory.rules, inventory.nodes).length === 0);
      const { moves } = planMoves(inventory, vms, new Set());
      const uncertain = inventory.placed.filter((each) => each.uncertain);
      for (const { vm, to } of moves) {
        const there = uncertain.filter(({ vm: other, node }) => node === to && other !== vm);
        const apartRules = inventory.rules.filter((rule) => rule.kind === 'vm' && rule.mode === 'apart');
        const isKeptApart = apartRules.some(
          (rule) => rule.vms.includes(vm) && there.some((each) => rule.vms.includes(each.vm)),
        );
        expect(isKeptApart).toBe(false);
        const arrivals = moves.filter((move) => move.to === to).map((move) => move.vm);
        expect(arrivals.length + there.filter((each) => !arrivals.includes(each.vm)).length).toBeLessThanOrEqual(3);
      }
    }),
  );
});

test('rules of two thousand VMs on a hundred nodes are looked through quickly enough to do it often', () => {
  const nodes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`n${i}`, { cpus: 64, memoryMiB: 1 << 20 }]));
  const vms = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`vm${i}`, `n${i % 100}`]));
  const rules: Rule[] = Array.from({ length: 50 }, (_, i) => ruleSchema.parse(apart(`vm${i}`, `vm${i + 50}`)));
  const { inventory, vms: leased } = clusterOf(nodes, vms, rules);
  expect(planMoves(inventory, leased, new Set()).moves).toEqual([]);
});
