import { expect, test } from 'vitest';
import { nodeId } from '../ids.ts';
import { TestChart } from '../test-chart.ts';
import { vmMachine } from './vm.ts';

const [n1, n2] = [nodeId('n1'), nodeId('n2')];
const lease = { node: n1, epoch: 4 };
const document = {
  ...{ spec: { vm: 'web', cpus: 1, memoryMiB: 1024, disk: 'd' }, recorded: 'running', ha: true, priority: 0 },
  ...{ failback: true, lease, home: null },
};
const word = { kind: 'word', node: n1, incarnation: 1, sequence: 9 };
const hostDown = { type: 'hostDown', node: n1, evidence: word, returns: false };
const actual = (state: string, reason = 'unknown', epoch = 4) => ({ type: 'actual', node: n1, epoch, state, reason });
const jobOf = (chart: TestChart) => `job/web-${chart.context.jobs}`;
const jobDone = (chart: TestChart, node = n2, epoch = 5) => ({ type: 'jobDone', job: jobOf(chart), node, epoch });
const jobFailed = (chart: TestChart, code: string, more: object = {}) => ({
  ...{ type: 'jobFailed', job: jobOf(chart), code, why: 'so', lease },
  ...more,
});

function loaded(more: object = {}): TestChart {
  return new TestChart(vmMachine, { address: 'vm/web' }).done({ ...document, ...more });
}
const running = (more: object = {}) => loaded(more).take(actual('running'));

test.each<[string, object, string]>([
  ['running, unconfirmed', {}, 'running.unconfirmed'],
  ['stopped', { recorded: 'stopped' }, 'stopped'],
  ['never leased', { lease: null }, 'recovering'],
])('a document that says: %s', (_, more, state) => {
  expect(loaded(more).state).toBe(state);
});

test.each<[string, (chart: TestChart) => TestChart, string]>([
  ['its host is down', (chart) => chart.take(hostDown), 'recovering'],
  ['another host is down', (chart) => chart.take({ ...hostDown, node: n2 }), 'running.active'],
  ['QEMU crashed (T7)', (chart) => chart.take(actual('off', 'crashed')), 'recovering'],
  ['an echo of an older epoch', (chart) => chart.take(actual('off', 'crashed', 3)), 'running.active'],
  ['its guest shut down (T7b)', (chart) => chart.take(actual('off', 'guest-shutdown')), 'recordingStop'],
  ['it is suspended (B1)', (chart) => chart.take(actual('suspended')), 'running.suspended'],
  ['a user stops it', (chart) => chart.take({ type: 'stop' }), 'stopping'],
  ['it is asked to move', (chart) => chart.take({ type: 'moveTo', to: 'n2', why: 'w', home: null }), 'moving'],
  ['a user wants it elsewhere', (chart) => chart.take({ type: 'migrate', to: 'n2' }), 'running.active'],
  ['its document changed', (chart) => chart.take({ type: 'adopt' }), 'loading'],
])('while it runs: %s', (_, act, state) => {
  expect(act(running()).state).toBe(state);
});

test.each<[string, (chart: TestChart) => TestChart, string]>([
  ['its host is down', (chart) => chart.take(hostDown), 'running.off'],
  ['QEMU crashed', (chart) => chart.take(actual('off', 'crashed')), 'running.off'],
  ['QEMU crashed, and a user starts it', (c) => c.take(actual('off', 'crashed'), { type: 'start' }), 'recovering'],
])('an unprotected VM: %s', (_, act, state) => {
  expect(act(running({ ha: false })).state).toBe(state);
});

test.each<[string, object, string]>([
  ['no room', { code: 'NO_ROOM' }, 'waiting'],
  ['the start failed', { code: 'START_FAILED', tried: 'n2' }, 'waiting'],
  ['somebody has it', { code: 'EVIDENCE_VOID', holder: 'n1' }, 'returning'],
  ['somebody else leased it', { code: 'LEASE_CONFLICT' }, 'loading'],
  ['it is gone', { code: 'NO_SUCH_VM' }, 'loading'],
  ['HA is disarmed', { code: 'DISARMED' }, 'held'],
  ['it runs after all', { code: 'NOT_NEEDED' }, 'running.active'],
  ['its guest had shut down', { code: 'STOPPED_BY_WISH' }, 'recordingStop'],
  ['of another job', { code: 'NO_ROOM', job: 'job/web-99' }, 'recovering'],
])('a recovery that fails: %s', (_, failure, state) => {
  const chart = running().take(hostDown);
  expect(chart.take({ ...jobFailed(chart, ''), ...failure }).state).toBe(state);
});

test.each<[string, object, string]>([
  ['refused by the target', { code: 'MIGRATE_REFUSED' }, 'running.active'],
  ['failed, it runs where it was', { code: 'MIGRATE_FAILED' }, 'running.active'],
  ['gone from the source', { code: 'NOT_HERE' }, 'recovering'],
  ['its guest shut itself down meanwhile', { code: 'STOPPED_BY_WISH' }, 'recordingStop'],
  ['the source died', { code: 'HOST_DOWN' }, 'recovering'],
  ['the target did not start it', { code: 'START_FAILED', tried: 'n2' }, 'recovering'],
  ['somebody has it', { code: 'SUPERSEDED', holder: 'n2' }, 'returning'],
])('a move that fails: %s', (_, failure, state) => {
  const chart = running().take({ type: 'moveTo', to: 'n2', why: 'w', home: null });
  expect(chart.asked).toEqual(['! note', `+ ${jobOf(chart)}`]);
  expect(chart.take({ ...jobFailed(chart, ''), ...failure }).state).toBe(state);
});

test('gone from a source that is well it is started there first; from one that is down, anywhere', () => {
  const moving = () => running().take({ type: 'moveTo', to: 'n2', why: 'w', home: null });
  const well = moving();
  expect(well.take(jobFailed(well, 'NOT_HERE')).context.target).toBe('n1');
  const down = moving().take(hostDown);
  expect(down.asked).toEqual([`-> ${jobOf(down)} hostDown`]);
  expect(down.take(jobFailed(down, 'NOT_HERE')).context.target).toBe(null);
});

test('a VM that its source calls off while it is moved: the source is asked again at once', () => {
  const chart = running().take({ type: 'moveTo', to: 'n2', why: 'w', home: null }, actual('off', 'migrated'));
  expect([chart.state, chart.asked]).toEqual(['moving', [`-> ${jobOf(chart)} askAgain`]]);
});

test('one that no agent has confirmed yet may be moved: its source knows; one that is suspended or off may not', () => {
  const moveTo = { type: 'moveTo', to: 'n2', why: 'w', home: null };
  expect(loaded().take({ type: 'migrate', to: 'n2' }).asked).toEqual(['-> cluster/main move']);
  expect(loaded().take(moveTo).state).toBe('moving');
  for (const chart of [running().take(actual('suspended')), running({ ha: false }).take(actual('off', 'crashed'))]) {
    expect(chart.take({ type: 'migrate', to: 'n2' }).asked).toEqual(['! note']);
    expect(chart.take(moveTo).asked).toEqual(['-> cluster/main settled']);
  }
});

test('a move that comes too late is declined, so that nobody waits for it', () => {
  const chart = running().take(hostDown).take({ type: 'moveTo', to: 'n2', why: 'w', home: null });
  expect([chart.state, chart.asked]).toEqual(['recovering', ['-> cluster/main settled']]);
});

test('B5: 13 attempts with their waits, then it is recorded as failed; a user begins anew', () => {
  const chart = running().take(hostDown);
  const waits: string[] = [];
  for (let attempt = 1; chart.state !== 'failed.recording'; attempt += 1) {
    expect([attempt, chart.state]).toEqual([Math.min(attempt, 13), 'recovering']);
    chart.take(jobFailed(chart, 'NO_ROOM'));
    waits.push(...chart.asked.filter((asked) => asked.startsWith('@')));
    chart.after('wait');
  }
  expect(waits).toEqual([...Array(5).fill('@ 10000'), ...Array(5).fill('@ 60000'), ...Array(3).fill('@ 100000')]);
  expect(chart.asked).toEqual(['! note', '? setRecorded']);
  expect(chart.fails().after(1000).done(null).state).toBe('failed.recorded');
  expect(chart.take({ type: 'capacity' }, hostDown).state).toBe('failed.recorded');
  expect(chart.take({ type: 'start' }).state).toBe('recovering');
  expect(chart.take(jobDone(chart)).asked).toContain('! clearActual');
});

test('B5: room that appears ends the wait, also if it appears during the attempt, but gives no fourteenth', () => {
  const chart = running().take(hostDown);
  expect(chart.take(jobFailed(chart, 'NO_ROOM')).take({ type: 'capacity' }).state).toBe('recovering');
  expect(chart.take({ type: 'capacity' }, jobFailed(chart, 'NO_ROOM')).state).toBe('recovering');
  while (chart.context.attempt < 13) {
    if (chart.state === 'waiting') chart.after('wait');
    chart.take(jobFailed(chart, 'NO_ROOM'));
  }
  expect(chart.take({ type: 'capacity' }).state).toBe('waiting');
});

test('one that a user stops while it waits tells that nobody has to make room for it any more', () => {
  const chart = running().take(hostDown);
  chart.take(jobFailed(chart, 'NO_ROOM'));
  expect(chart.take({ type: 'stop' }).asked).toContain('-> cluster/main settled');
  const busy = running().take(hostDown, { type: 'stop' });
  expect(busy.take(jobFailed(busy, 'NO_ROOM')).asked).toContain('-> cluster/main settled');
});

test('B2: one that waits for room and is resumed by its own host runs again', () => {
  const chart = running().take(hostDown);
  chart.take(jobFailed(chart, 'NO_ROOM'));
  expect(chart.take(actual('running')).state).toBe('running.active');
  expect(chart.context.attempt).toBe(0);
});

test('held while HA is disarmed, tried again when it is armed, also if that was said meanwhile', () => {
  const chart = running().take(hostDown);
  expect(chart.take(jobFailed(chart, 'DISARMED')).take({ type: 'capacity' }).state).toBe('recovering');
  expect(chart.take({ type: 'capacity' }, jobFailed(chart, 'DISARMED')).state).toBe('recovering');
  expect(chart.context.attempt).toBe(0);
});

test('a user who stops it while it is recovered is obeyed however the job ends', () => {
  const done = running().take(hostDown, { type: 'stop' });
  expect(done.take(jobDone(done)).state).toBe('stopping');
  const failed = running().take(hostDown, { type: 'stop' });
  expect(failed.take(jobFailed(failed, 'NO_ROOM')).state).toBe('stopping');
});

test('what a user says before the document was read is not lost', () => {
  const chart = () => new TestChart(vmMachine, { address: 'vm/web' });
  expect(chart().take({ type: 'stop' }).done(document).state).toBe('stopping');
  expect(
    chart()
      .take({ type: 'start' })
      .done({ ...document, recorded: 'stopped' }).state,
  ).toBe('recovering');
  expect(
    chart()
      .fails()
      .take({ type: 'start' })
      .after(1000)
      .done({ ...document, lease: null }).state,
  ).toBe('recovering');
  expect(chart().take({ type: 'start' }).done(document).state).toBe('running.unconfirmed');
});

test('a document that changes during a recovery is read when the job has ended, and the recovery goes on', () => {
  const chart = running().take(hostDown, { type: 'adopt' });
  expect(chart.state).toBe('recovering');
  expect(chart.take(jobFailed(chart, 'NO_ROOM')).state).toBe('loading');
  expect(chart.done({ ...document, priority: 7 }).state).toBe('recovering');
  expect(chart.context.priority).toBe(7);
});

test('a VM of which no agent speaks is started where it is leased', () => {
  const chart = loaded().after(150_000);
  expect([chart.state, chart.context.target]).toEqual(['recovering', 'n1']);
});

test('an orderly reboot makes its host the home it returns to; without fail-back nobody asks for that', () => {
  const chart = running().take({ ...hostDown, returns: true });
  expect(chart.context.home).toBe('n1');
  expect(running().take(hostDown).context.home).toBe(null);
});

test('a stop that cannot be carried out goes on, until its host is known down or a user starts it', () => {
  const stopping = () => running().take({ type: 'stop' }).fails();
  expect(stopping().after(1000).state).toBe('stopping');
  expect(stopping().take(hostDown).state).toBe('recordingStop');
  expect(stopping().take({ type: 'start' }).state).toBe('recovering');
});

test('one that was stopped and runs after all is stopped again, also under a lease that the database no longer has', () => {
  const stopped = () => loaded({ recorded: 'stopped' });
  expect(stopped().take(actual('running', 'unknown', 3)).state).toBe('stopping');
  expect(stopped().take(actual('off', 'crashed', 3)).state).toBe('stopped');
});

test('a user who starts it while a recovery finds that its guest had shut down is obeyed', () => {
  const chart = running().take(hostDown, { type: 'start' });
  expect(chart.take(jobFailed(chart, 'STOPPED_BY_WISH')).state).toBe('recovering');
  expect(chart.context.cause).toBe('user');
});

test('a VM whose document is gone is ended, before another of its name is looked at', () => {
  const gone = () => running().take({ type: 'adopt' }).done(null);
  expect([gone().state, gone().asked.at(-1)]).toEqual(['removing', '? endRemoved']);
  expect(gone().fails().after(1000).done(null).state).toBe('absent');
  const again = gone().fails().take({ type: 'start' }).after(1000).done(null);
  expect(again.state).toBe('loading');
  expect(again.done({ ...document, recorded: 'stopped', lease: { node: n2, epoch: 0 } }).state).toBe('recovering');
});

test('a document whose epoch is lower is of another VM of that name: the old one is ended first', () => {
  const other = { ...document, recorded: 'stopped', lease: { node: n2, epoch: 0 } };
  const chart = running().take({ type: 'adopt' }, { type: 'start' }).done(other);
  expect(chart.state).toBe('removing');
  expect(chart.done(null).done(other).state).toBe('recovering');
});

test('a copy that comes back after its VM was removed is ended', () => {
  const chart = running().take({ type: 'adopt' }).done(null).done(null);
  expect(chart.take(actual('running')).done(null).state).toBe('removing');
});

test('one that its holder resumed under an older lease, while attempts moved the lease on in vain, is leased there anew', () => {
  const chart = running().take(hostDown);
  chart.take(jobFailed(chart, 'START_FAILED', { lease: { node: n2, epoch: 9 } }));
  expect(chart.state).toBe('waiting');
  expect(chart.take(actual('off')).state).toBe('waiting');
  expect(chart.take(actual('running')).state).toBe('returning');
  expect([chart.context.target, chart.context.attempt]).toEqual([n1, 1]);
  chart.after(1000);
  expect(chart.take(jobDone(chart, n1, 10)).state).toBe('running.active');
});

test('also when it is no longer protected, and was taken for off', () => {
  const chart = running().take(hostDown, { type: 'adopt' });
  chart.take(jobFailed(chart, 'START_FAILED', { lease: { node: n1, epoch: 9 } }));
  chart.done({ ...document, ha: false, lease: { node: n1, epoch: 9 } }).take(hostDown);
  expect(chart.state).toBe('running.off');
  expect(chart.take(actual('off')).state).toBe('running.off');
  expect(chart.take(actual('running')).state).toBe('returning');
  expect([chart.context.target, chart.after(1000).state]).toEqual([n1, 'recovering']);
  expect(chart.take(jobDone(chart, n1, 10)).state).toBe('running.active');
});

test('also when it was given up before (B5), and its attempts do not grow beyond all', () => {
  const chart = running().take(hostDown);
  for (let attempt = 1; attempt <= 13; attempt += 1) {
    chart.take(jobFailed(chart, 'START_FAILED', { lease: { node: n2, epoch: 4 + attempt } }));
    if (attempt < 13) chart.after('wait');
  }
  expect([chart.state, chart.context.attempt]).toEqual(['waiting', 13]);
  chart.take(actual('running')).after(1000);
  chart.take(jobFailed(chart, 'START_FAILED', { lease: { node: n1, epoch: 18 } }));
  expect([chart.state, chart.context.attempt]).toEqual(['waiting', 13]);
  expect(chart.after('wait').state).toBe('failed.recording');
  expect(chart.take(actual('running')).state).toBe('returning');
});

test('what its agent says runs is confirmed, also when the start was never answered: no room is kept for it elsewhere', () => {
  const chart = running().take(hostDown);
  chart.take(jobFailed(chart, 'HOST_DOWN', { lease: { node: n1, epoch: 5 } }));
  chart.take(actual('running', 'unknown', 5));
  expect([chart.state, chart.asked.includes('! confirmRuns')]).toEqual(['running.active', true]);
});

test('a user who starts one again whose stop never got through has it recorded: it is leased anew where it runs', () => {
  const begun = () => running().take({ type: 'stop' }).fails().take({ type: 'start' });
  const chart = begun().take(actual('running'));
  expect(chart.asked).toEqual([`-> ${jobOf(chart)} cancel`]);
  chart.take(jobFailed(chart, 'NOT_NEEDED'));
  expect([chart.state, chart.context.target]).toEqual(['returning', n1]);
  expect(chart.take(actual('running')).state).toBe('returning');
  expect([chart.after(1000).state, chart.context.cause]).toEqual(['recovering', 'user']);
  expect(chart.take(actual('running')).asked).toEqual([]);
  expect(chart.take(jobDone(chart, n1, 5)).state).toBe('running.active');
  const late = begun();
  expect(late.take(jobFailed(late, 'NO_ROOM'), actual('running')).state).toBe('returning');
});

test.each<[string, (chart: TestChart) => TestChart]>([
  ['its move is refused', (chart) => chart.take(jobFailed(chart, 'MIGRATE_REFUSED'))],
  ['its guest shut down while it moved', (chart) => chart.take(jobFailed(chart, 'STOPPED_BY_WISH')).fails()],
  ['a user stops it', (chart) => chart.take({ type: 'stop' }, jobFailed(chart, 'MIGRATE_FAILED')).done(null)],
  ['it is recovered since', (chart) => chart.take(jobFailed(chart, 'HOST_DOWN')).take(jobFailed(chart, 'NOT_NEEDED'))],
  [
    'somebody has it, and runs it',
    (chart) => chart.take(jobFailed(chart, 'SUPERSEDED', { holder: 'n1' }), actual('running')),
  ],
])('one that is removed while it moves is ended, also when %s', (_, end) => {
  const chart = running().take({ type: 'moveTo', to: 'n2', why: 'w', home: null }, { type: 'adopt' });
  expect(end(chart).state).toBe('loading');
  expect(chart.done(null).asked.at(-1)).toBe('? endRemoved');
});
