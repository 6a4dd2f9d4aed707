import { expect, test } from 'vitest';
import { TestChart } from '../test-chart.ts';
import { clusterMachine } from './cluster.ts';

const nodeOf = (node: string, more: object = {}) => ({
  ...{ node, alive: true, maintenance: false, cpus: 8, memoryMiB: 8192, slot: { incarnation: 1, sequence: 5 } },
  ...more,
});
const leasedOn = (vm: string, node: string, more: object = {}) => ({
  ...{ vm, node, cpus: 1, memoryMiB: 1024, ha: true, failback: true, priority: 0, home: null },
  ...more,
});
const inventoryOf = (more: object = {}, leased: ReturnType<typeof leasedOn>[] = []) => ({
  ...{
    nodes: [nodeOf('n1'), nodeOf('n2')],
    rules: [],
    armed: true,
    leased,
    placed: leased,
    uncertain: [],
    newcomers: [],
  },
  ...more,
});
const place = (vm: string, more: object = {}) => ({
  ...{ type: 'place', vm, job: `job/${vm}-1`, cause: 'host-down', cpus: 1, memoryMiB: 1024, priority: 0 },
  ...{ failback: true, avoid: [], evidence: [], stay: null, only: null },
  ...more,
});
/** One that has made its first review. */
const idle = (inventory = inventoryOf()) => new TestChart(clusterMachine, {}).after(20).done(inventory);
const told = (chart: TestChart) => chart.asked.filter((asked) => asked.startsWith('->') || asked.startsWith('!'));

test('requests that come together see each other', () => {
  const chart = idle()
    .take(place('a', { memoryMiB: 8192 }), place('b', { memoryMiB: 8192 }))
    .after(20);
  chart.done(inventoryOf());
  expect(told(chart)).toEqual(['-> job/a-1 placed', '-> job/b-1 placed']);
  expect(chart.context.reservations.map((held: { node: string }) => held.node)).toEqual(['n1', 'n2']);
});

const reservedOn = (chart: TestChart) => chart.context.reservations.map((held: { node: string }) => held.node);

test('a node that is back may run what it ran: its room is taken until that is known otherwise (F1)', () => {
  const large = { memoryMiB: 8192 };
  const returned = inventoryOf({}, [leasedOn('a', 'n1', large)]);
  // Both are asked for: what a leaves behind on n1 keeps b away, and not a itself.
  const both = idle().take(place('a', large), place('b', large)).after(20).done(returned);
  expect([reservedOn(both), both.context.waiting]).toEqual([['n1', 'n2'], []]);
  const elsewhere = idle()
    .take(place('a', { ...large, only: 'n2' }), place('b', large))
    .after(20)
    .done(returned);
  expect([reservedOn(elsewhere), elsewhere.context.waiting]).toEqual([['n2'], ['b']]);
  // Leased to n2 by now, and n1 has not been heard to refuse.
  const uncertain = [{ ...leasedOn('a', 'n1', large), uncertain: true }];
  const moved = idle()
    .take(place('b', large))
    .after(20)
    .done(inventoryOf({ uncertain }, [leasedOn('a', 'n2', large)]));
  expect(moved.context.waiting).toEqual(['b']);
  // A dead node's room is no room; nothing is left behind there.
  const dead = [nodeOf('n1', { alive: false }), nodeOf('n2')];
  const down = idle()
    .take(place('a', large))
    .after(20)
    .done(inventoryOf({ nodes: dead }, [leasedOn('a', 'n1', large)]));
  expect(reservedOn(down)).toEqual(['n2']);
});

test('moves count a VM, too, where a node that is back may run it still', () => {
  const nodes = [nodeOf('n1', { maintenance: true }), nodeOf('n2', { memoryMiB: 1024 })];
  const leased = [leasedOn('a', 'n1'), leasedOn('b', 'n3')];
  expect(told(idle(inventoryOf({ nodes }, leased)))).toContain('-> vm/a moveTo');
  const uncertain = [{ ...leasedOn('b', 'n2'), uncertain: true }];
  expect(told(idle(inventoryOf({ nodes, uncertain }, leased)))).toEqual(['! note']);
});

test('what was given counts until the inventory that shows it', () => {
  const chart = idle().take(place('a')).after(20).done(inventoryOf());
  expect(chart.take({ type: 'settled', vm: 'a', outcome: 'runs' }).context.reservations).toHaveLength(1);
  expect(chart.after(20).context.reservations).toHaveLength(0);
});

test('VMs that are expected are waited for a moment, so that the important one chooses first', () => {
  const one = { nodes: [nodeOf('n1', { memoryMiB: 1024 })] };
  const chart = idle()
    .take({ type: 'expect', vms: ['a', 'b'] }, place('a'))
    .after(20);
  expect(chart.state).toBe('expecting');
  expect(chart.take(place('b', { priority: 9 })).state).toBe('deciding');
  chart.done(inventoryOf(one));
  expect(chart.context.waiting).toEqual(['a']);
  const late = idle()
    .take({ type: 'expect', vms: ['a', 'b'] }, place('a'))
    .after(20)
    .after(400);
  expect(late.state).toBe('deciding');
});

test('who fitted nowhere, or did not start, is told when room appears (B5)', () => {
  const chart = idle()
    .take(place('a', { memoryMiB: 9999 }))
    .after(20)
    .done(inventoryOf());
  chart.take({ type: 'settled', vm: 'b', outcome: 'failed' });
  expect(chart.take({ type: 'capacity' }).asked).toEqual(['@ 5000']);
  expect(chart.take({ type: 'capacity' }).asked).toEqual([]);
  expect(told(chart.take({ type: 'room' }))).toEqual(['-> vm/a capacity', '-> vm/b capacity']);
  expect(chart.take({ type: 'capacity' }).asked).toEqual(['@ 5000']);
});

test('F2: room that appeared without a word goes to the most important of those who wait, whoever asks first', () => {
  const large = { memoryMiB: 8192 };
  const leased = [leasedOn('low', 'n9', large), leasedOn('high', 'n9', { ...large, priority: 5 })];
  const full = inventoryOf({ nodes: [nodeOf('n1', { memoryMiB: 1024 })] }, leased);
  const room = inventoryOf({ nodes: [nodeOf('n1')] }, leased);
  const chart = idle(full)
    .take(place('low', large), place('high', { ...large, priority: 5 }))
    .after(20);
  chart.done(full).take({ type: 'settled', vm: 'low', outcome: 'failed' });
  chart.take({ type: 'settled', vm: 'high', outcome: 'failed' });
  expect(told(chart.take(place('low', large)).after(20).done(room))).toEqual(['-> vm/high capacity']);
  expect([chart.state, reservedOn(chart)]).toEqual(['collecting', []]);
  expect(chart.after(20).state).toBe('expecting');
  chart.take(place('high', { ...large, priority: 5 })).done(room);
  expect(chart.context.reservations.map((held: { vm: string }) => held.vm)).toEqual(['high']);
});

test('F2: room that appeared without a word goes first also to one that never ran, if it is the more important', () => {
  const large = { memoryMiB: 8192 };
  const { node: _, ...high } = leasedOn('high', 'n9', { ...large, priority: 5 });
  const asks = place('high', { ...large, priority: 5, cause: 'user' });
  const low = [leasedOn('low', 'n9', large)];
  const full = inventoryOf({ nodes: [nodeOf('n1', { memoryMiB: 1024 })], newcomers: [high] }, low);
  const chart = idle(full).take(asks).after(20).done(full);
  const room = inventoryOf({ nodes: [nodeOf('n1')], newcomers: [high] }, low);
  expect(told(chart.take(place('low', large)).after(20).done(room))).toEqual(['-> vm/high capacity']);
});

test('who is told of room and does not come is not waited for twice', () => {
  const leased = [leasedOn('low', 'n9'), leasedOn('high', 'n9', { priority: 5 })];
  const full = inventoryOf({ nodes: [nodeOf('n1', { memoryMiB: 0 })] }, leased);
  const chart = idle(full)
    .take(place('high', { priority: 5 }))
    .after(20)
    .done(full);
  const room = inventoryOf({}, leased);
  chart.take(place('low')).after(20).done(room).after(20).after(400).done(room);
  expect(reservedOn(chart)).toEqual(['n1']);
});

const GATHER = [{ kind: 'vm', mode: 'together', strength: 'must', vms: ['a', 'b', 'c'] }];

/** a and c must be with b, which never ran and asks for a place: n1 and n2 are too small, n3 holds all. */
function makingWay() {
  const nodes = [nodeOf('n1', { memoryMiB: 2048 }), nodeOf('n2', { memoryMiB: 2048 }), nodeOf('n3')];
  const { node: _, ...b } = leasedOn('b', 'n9', { memoryMiB: 2048 });
  const small = inventoryOf({ nodes, rules: GATHER, newcomers: [b] }, [leasedOn('a', 'n1'), leasedOn('c', 'n2')]);
  const chart = idle({ ...small, rules: [] })
    .take(place('b', { memoryMiB: 2048, cause: 'user' }))
    .after(20)
    .done(small);
  expect(told(chart)).toEqual(['-> job/b-1 placed', '-> vm/a moveTo', '-> vm/c moveTo', '! note', '! note']);
  return chart.take({ type: 'settled', vm: 'b', outcome: 'failed' });
}

test('F1, B5: who found no room is told as soon as the last of its companions has made way', () => {
  const chart = makingWay();
  expect(told(chart.take({ type: 'settled', vm: 'a', outcome: 'runs' }))).toEqual([]);
  expect(told(chart.take({ type: 'settled', vm: 'c', outcome: 'runs' }))).toEqual(['-> vm/b capacity']);
  expect([chart.context.makingWay, chart.context.expected]).toEqual([{}, ['b']]);
});

test('when a companion could not move nobody is told of room', () => {
  const chart = makingWay().take({ type: 'settled', vm: 'a', outcome: 'stayed' });
  expect(told(chart.take({ type: 'settled', vm: 'c', outcome: 'runs' }))).toEqual([]);
  expect(chart.context.makingWay).toEqual({});
});

test('one that a user stopped while it waited is not told, and waits for nothing', () => {
  const chart = makingWay().take({ type: 'settled', vm: 'b', outcome: 'off' });
  expect([chart.context.waiting, chart.context.roomless]).toEqual([[], []]);
  chart.take({ type: 'settled', vm: 'a', outcome: 'runs' });
  expect(told(chart.take({ type: 'settled', vm: 'c', outcome: 'runs' }))).toEqual([]);
});

test('a node that somebody can prove to be down gets nothing, until its slot says otherwise', () => {
  const evidence = [{ kind: 'word', node: 'n1', incarnation: 1, sequence: 5 }];
  const chart = idle().take(place('a', { evidence })).after(20).done(inventoryOf());
  expect(chart.context.reservations[0].node).toBe('n2');
  const nodes = [nodeOf('n1', { slot: { incarnation: 1, sequence: 6 } }), nodeOf('n2')];
  const later = idle().take(place('a', { evidence })).after(20).done(inventoryOf({ nodes }));
  expect(later.context.reservations[0].node).toBe('n1');
});

test('F6: disarmed, only a user is served; armed again, all others are told', () => {
  const chart = idle().take({ type: 'disarm' }).after(20);
  expect(chart.context.armingNow).toBe(false);
  expect(told(chart.done(inventoryOf({ armed: false })))).toEqual(['! note']);
  chart
    .take(place('a'), place('b', { cause: 'user' }))
    .after(20)
    .done(inventoryOf({ armed: false }));
  expect(chart.context.reservations.map((held: { vm: string }) => held.vm)).toEqual(['b']);
  expect(chart.context.held).toEqual(['a']);
  expect(told(chart.take({ type: 'arm' }).after(20).done(inventoryOf()))).toEqual(['-> vm/a capacity', '! note']);
});

test('F6: disarmed, nothing is moved', () => {
  const nodes = [nodeOf('n1', { maintenance: true }), nodeOf('n2')];
  const leased = [leasedOn('a', 'n1')];
  expect(told(idle(inventoryOf({ nodes, armed: false }, leased)))).toEqual(['! note']);
  expect(told(idle(inventoryOf({ nodes }, leased)))).toEqual(['-> vm/a moveTo', '! note']);
});

test('a wish to arm is not lost when the database does not answer, nor one that is newer', () => {
  const chart = idle().take({ type: 'disarm' }).after(20).fails();
  expect(chart.context.arming).toBe(false);
  const newer = idle().take({ type: 'disarm' }).after(20).take({ type: 'arm' }).fails();
  expect(newer.context.arming).toBe(true);
});

test("a user's move is carried out or refused", () => {
  const leased = [leasedOn('a', 'n1')];
  const chart = idle(inventoryOf({}, leased)).take({ type: 'move', vm: 'a', to: 'n2' }).after(20);
  expect(told(chart.done(inventoryOf({}, leased)))).toEqual(['-> vm/a moveTo', '! note']);
  const refused = idle(inventoryOf({}, leased)).take({ type: 'move', vm: 'a', to: 'n9' }).after(20);
  expect(told(refused.done(inventoryOf({}, leased)))).toEqual(['! note']);
});

test('a move that failed is tried again later and later, one that went well is forgotten', () => {
  const nodes = [nodeOf('n1', { maintenance: true }), nodeOf('n2')];
  const leased = [leasedOn('a', 'n1')];
  const chart = idle(inventoryOf({ nodes }, leased));
  chart.take({ type: 'settled', vm: 'a', outcome: 'stayed' });
  expect([chart.state, chart.context.failedMoves]).toEqual(['idle', { a: 1 }]);
  expect(told(chart.after('reviewAgain').after(20).done(inventoryOf({ nodes }, leased)))).toContain('-> vm/a moveTo');
  chart.take({ type: 'settled', vm: 'a', outcome: 'runs' });
  expect(chart.context.failedMoves).toEqual({});
});

test('what should move and cannot is said once', () => {
  const nodes = [nodeOf('n1', { maintenance: true })];
  const stuck = inventoryOf({ nodes }, [leasedOn('a', 'n1')]);
  const chart = idle(stuck);
  expect(told(chart)).toEqual(['! note']);
  expect(told(chart.after('reviewAgain').after(20).done(stuck))).toEqual([]);
});

test('rules that contradict each other move nobody, and that is said', () => {
  const rules = [
    { kind: 'vm', mode: 'together', strength: 'must', vms: ['a', 'b'] },
    { kind: 'vm', mode: 'apart', strength: 'must', vms: ['a', 'b'] },
  ];
  const chart = idle(inventoryOf({ rules }, [leasedOn('a', 'n1'), leasedOn('b', 'n2')]));
  expect(told(chart)).toEqual(['! note']);
});

test('B3: while no node is well nothing is decided, and for a while afterwards each node resumes its own first', () => {
  const nobody = inventoryOf({ nodes: [nodeOf('n1', { alive: false })] });
  const chart = idle().take(place('a')).after(20);
  for (let round = 0; round < 5; round += 1) chart.done(nobody).after(1000).after(20);
  expect(chart.done(inventoryOf()).state).toBe('calming');
  chart.take({ type: 'settled', vm: 'a', outcome: 'runs' });
  expect(told(chart.after(15_000).after(20).done(inventoryOf()))).toEqual([]);
});

test('a host that has just joined and knows no node yet delays only by its next look', () => {
  const chart = idle()
    .take(place('a'))
    .after(20)
    .done(inventoryOf({ nodes: [] }))
    .after(1000)
    .after(20);
  expect(told(chart.done(inventoryOf()))).toEqual(['-> job/a-1 placed']);
});
