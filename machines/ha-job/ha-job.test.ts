import { expect, test } from 'vitest';
import { TestChart } from '../test-chart.ts';
import { jobMachine } from './ha-job.ts';

const input = {
  ...{ address: 'job/web-1', vm: 'web', cpus: 1, memoryMiB: 1024, priority: 0, lease: { node: 'n1', epoch: 4 } },
  ...{ cause: 'host-down', failback: true, evidence: [], target: null, avoid: [], home: null, live: false },
};
const placed = (node: string | null, disarmed = false) => ({ type: 'placed', node, why: 'so', disarmed });
const evidence = { kind: 'word', node: 'n1', incarnation: 1, sequence: 9 };
const down = (node: string) => ({ type: 'hostDown', node, evidence: { ...evidence, node } });
const no = (code: string, definite: boolean, holder?: string) => ({
  ...{ ok: false, code, why: 'so', definite },
  ...(holder === undefined ? {} : { holder }),
});
const begun = (more: object = {}) => new TestChart(jobMachine, { ...input, ...more });
const starting = () => begun().take(placed('n2')).done({ ok: true, epoch: 5 });
const migrating = () => begun({ live: true, target: 'n2' }).done({ ok: true });
const end = ['-> vm/web', '-> cluster/main settled'];
const told = (chart: TestChart) => chart.asked.filter((asked) => asked.startsWith('->'));

test('place, lease, start', () => {
  const chart = begun();
  expect([chart.state, chart.asked]).toEqual(['placing', ['-> cluster/main place', '@ 5000']]);
  expect(chart.take(placed('n2')).asked).toContain('? moveLease');
  expect(chart.done({ ok: true, epoch: 5 }).asked).toContain('? startOn');
  expect(chart.done({ ok: true }).state).toBe('done');
  expect(told(chart)).toEqual([`${end[0]} jobDone`, end[1]]);
  expect(chart.context.lease).toEqual({ node: 'n2', epoch: 5 });
});

test.each<[string, () => TestChart, string]>([
  ['no room', () => begun().take(placed(null)), 'NO_ROOM'],
  ['HA is disarmed', () => begun().take(placed(null, true)), 'DISARMED'],
  ['it runs after all', () => begun().take({ type: 'cancel' }), 'NOT_NEEDED'],
  ['somebody else leased it', () => begun().take(placed('n2')).done({ ok: false, why: 'so' }), 'LEASE_CONFLICT'],
  ['the VM is gone', () => begun().take(placed('n2')).done({ ok: false, why: 'so', gone: true }), 'NO_SUCH_VM'],
  ['the start fails', () => starting().done(no('START_FAILED', true)), 'START_FAILED'],
  ['the node goes down too', () => starting().take(down('n2')), 'HOST_DOWN'],
  ['the target refuses', () => begun({ live: true, target: 'n2' }).done(no('ISOLATED', true)), 'MIGRATE_REFUSED'],
  ['the target is silent', () => begun({ live: true, target: 'n2' }).fails(), 'MIGRATE_REFUSED'],
  ['it does not migrate', () => migrating().done(no('MIGRATE_FAILED', true)), 'MIGRATE_FAILED'],
  ['it is gone from its source', () => migrating().done(no('NOT_HERE', true)), 'NOT_HERE'],
  ['its source goes down', () => migrating().take(down('n1')), 'HOST_DOWN'],
])('it fails when %s', (_, play, code) => {
  const chart = play();
  expect([chart.state, chart.context.failure.code]).toEqual(['failed', code]);
  expect(told(chart)).toEqual([`${end[0]} jobFailed`, end[1]]);
});

test('a start of unknown outcome is repeated on the same node until the answer is definite (protocol, step 5)', () => {
  const chart = starting().fails().after(1000).done(no('UNKNOWN', false)).take(placed('n3'), { type: 'cancel' });
  expect([chart.state, chart.context.target]).toEqual(['starting.unknown', 'n2']);
  expect(chart.after(1000).asked).toEqual(['? hasSector']);
  expect(chart.done(true).asked).toEqual(['? startOn']);
  expect(chart.done({ ok: true }).state).toBe('done');
});

test('a node that is silent and does not have the sector is given up: whoever takes the sector first has the VM', () => {
  const chart = starting().fails().after(1000).fails().after(1000);
  expect(chart.fails().state).toBe('starting.asking');
  expect(chart.fails().after(1000).fails().after(1000).done(false).context.failure).toMatchObject({
    code: 'NO_ANSWER',
    tried: 'n2',
  });
});

test('a start that hangs in the hypervisor is told to the actor of that node, again and again until the node is down', () => {
  const chart = starting().done(no('HUNG', false));
  expect([chart.state, told(chart)]).toEqual(['starting.hung', ['-> node/n2 stuck']]);
  expect(chart.after(30_000).done(no('HUNG', false)).state).toBe('starting.hung');
  expect(chart.take(down('n2')).context.failure).toMatchObject({ code: 'HOST_DOWN', tried: 'n2' });
});

test('a migration of unknown outcome is asked again of the source; done, it goes on like any start', () => {
  const chart = migrating().fails().after(1000);
  expect(chart.asked).toEqual(['? isReleased']);
  expect(chart.done(false).asked).toEqual(['? migrateFrom']);
  expect(chart.fails().after(1000).fails().asked).toEqual(['? migrateFrom']);
  expect(chart.done({ ok: true }).asked).toContain('? moveLease');
  expect(chart.done({ ok: true, epoch: 5 }).done({ ok: true }).state).toBe('done');
});

test('a source that is out of reach and has given its lease back has migrated it: the target goes on', () => {
  expect(migrating().fails().after(1000).done(true).state).toBe('moving');
});

test('a source that died is asked again before its answer is overdue', () => {
  expect(migrating().take({ type: 'askAgain' }).asked).toContain('? migrateFrom');
  expect(starting().take({ type: 'askAgain' }).asked).toEqual([]);
});

test('a cancel after the place was given changes nothing', () => {
  expect(begun().take(placed('n2'), { type: 'cancel' }).state).toBe('moving');
});

test('proofs that come while it is under way are kept, whatever it is doing', () => {
  for (const chart of [begun(), begun().take(placed('n2')), begun().take(placed('n2')).fails(), starting()]) {
    expect(chart.take(down('n1')).context.evidence).toEqual([evidence]);
  }
});

test('it asks again for a place that nobody gives, and again for a lease that the database does not move', () => {
  expect(begun().after(5000).asked).toEqual(['-> cluster/main place', '@ 5000']);
  expect(begun().take(placed('n2')).fails().after(1000).asked).toEqual(['? moveLease']);
});
