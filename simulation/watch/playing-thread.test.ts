import { afterEach, expect, test, vi } from 'vitest';
import { checkScenario } from '../scenario/mod.ts';
import { GOES_ON } from '../standstill.ts';
import { playWatched } from './play-watched.ts';
import { PlayingThread } from './playing-thread.ts';
import { RunBrokenOff } from './run-broken-off.ts';
import { standingProgram } from './standing-program.ts';

vi.setConfig({ testTimeout: 60_000 });

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => ({ name }));
const scenario = checkScenario({ name: 'five', nodes: NODES, vms: [{ id: 'vm-1', node: 'n1' }], until: 90 }, 'test');
const events = [{ at: 10, do: 'power-off' as const, node: 'n4' }];
/** Of the nodes only the fifth does what ends its run. */
const small = { ...scenario, nodes: scenario.nodes.slice(0, 3) };

function scheduleOf(played = scenario) {
  return { scenario: played, faults: [], healedAt: undefined };
}

const threads: PlayingThread[] = [];
/** Plays with a build that does not end; gives up after two seconds. */
function threadThat(build: Parameters<typeof standingProgram>[0]): PlayingThread {
  const thread = new PlayingThread({ program: standingProgram(build), stuckAfterMs: 2000 });
  threads.push(thread);
  return thread;
}
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.close()));
});

async function brokenOff(thread: PlayingThread): Promise<RunBrokenOff> {
  const error: unknown = await thread.playSchedule({ schedule: scheduleOf() }).then(
    () => 'it ended',
    (reason: unknown) => reason,
  );
  if (error instanceof RunBrokenOff) return error;
  throw new Error('not broken off', { cause: error });
}

test.each([
  ['loops', 'loopsForEver'],
  ['promises', 'waitsForItself'],
] as const)(
  'a run whose thread %s for ever is ended, with the instant and the stack at which it stood',
  async (build, name) => {
    const { message, atMs, where } = await brokenOff(threadThat(build));
    expect(message).toBe('no event ended for 2 s');
    expect(atMs).toBeGreaterThan(59_000);
    expect(atMs).toBeLessThan(61_000);
    expect(where).toMatch(new RegExp(`at ${name} \\(file:.*/standing-player\\.ts:\\d+:\\d+\\)`));
    expect(where).toContain('the outermost that moved on');
  },
);

test('one that waits for what never comes is ended, and that it executes nothing is said', async () => {
  const { message, where } = await brokenOff(threadThat('waits'));
  expect(message).toBe('no event ended for 2 s');
  expect(where).toContain('it executes no JavaScript');
});

test('one whose thread dies is broken off with what ended it', async () => {
  const { message, where } = await brokenOff(threadThat('dies'));
  expect(message).toBe('its thread ended (Error: no servers)');
  expect(where).toContain('standing-player.ts');
  await expect(threadThat('unknown').playSchedule({ schedule: scheduleOf() })).rejects.toThrow(
    'there is no such build',
  );
});

test('a timer that is armed again at once ends its run in simulated time: no watch is needed', async () => {
  const played = await threadThat('timer').playSchedule({ schedule: scheduleOf() });
  expect(played?.result.violations).toMatchObject([{ invariant: GOES_ON }]);
  expect(played?.result.violations[0]?.why).toContain('armsItselfAgain');
});

test('after a run that stood still the next one is played, on a new thread, as on any other', async () => {
  const thread = threadThat('loops');
  await brokenOff(thread);
  const after = await thread.playSchedule({ schedule: scheduleOf(small) });
  const elsewhere = await threadThat('timer').playSchedule({ schedule: scheduleOf(small) });
  expect(after?.result.violations).toEqual([]);
  expect(after?.result.hash).toBe(elsewhere?.result.hash);
});

test('the result of a run that stood still tells what happened until then, and then that it did not go on', async () => {
  const schedule = scheduleOf({ ...scenario, events });
  const told = await playWatched(threadThat('loops'), { schedule, journals: true });
  const { timeline, violations, ok, simulatedSeconds } = told?.result ?? expect.unreachable();
  expect(ok).toBe(false);
  expect(violations).toMatchObject([{ invariant: GOES_ON, why: expect.stringContaining('no event ended for 2 s\n') }]);
  expect(violations[0]?.at).toBeCloseTo(simulatedSeconds, 2);
  expect(timeline.map(({ what }) => what)).toContain('scenario: power-off');
  expect(told?.journals.length).toBeGreaterThan(0);
  const shipped = new PlayingThread();
  threads.push(shipped);
  const whole = await shipped.playSchedule({ schedule });
  expect(whole?.result.timeline.slice(0, timeline.length)).toEqual(timeline);
});
