import { describe, expect, test } from 'vitest';
import { createMachine, setup } from 'xstate';
import { emptyState } from './actor-state.ts';
import { hostForTests } from './host-for-tests.ts';
import { MemoryServer, systemClock } from './mod.ts';
import { wakesOf } from './wake.ts';

const waiting = (delayMs: number) =>
  setup({ delays: { given: () => delayMs } }).createMachine({
    initial: 'idle',
    on: { look: { actions: () => {} } },
    states: { idle: { on: { wait: 'waiting' } }, waiting: { after: { given: 'done' } }, done: {} },
  });

test.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 2 ** 60])(
  'a delay of %s ms fails its step, and nothing of it is stored',
  async (delayMs) => {
    const { system } = await hostForTests({ a: { machine: waiting(delayMs) } });
    await system.tell('a/1', { type: 'wait' });
    await expect.poll(async () => (await system.inspect('a/1'))?.parked?.code).toBe('UNSUPPORTED_ACTION');
    const step = await system.inspect('a/1');
    expect(step?.parked?.reason).toContain(`is to come after ${delayMs} ms, which is no length of time`);
    expect(step?.timers).toEqual([]);
    await system.stop();
  },
);

test('a delay of many thousand years is kept, and survives a takeover', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const machine = waiting(Number.MAX_SAFE_INTEGER);
  const first = await hostForTests({ a: { machine } }, { server });
  await first.system.tell('a/1', { type: 'wait' });
  await expect.poll(async () => (await first.system.inspect('a/1'))?.timers).toHaveLength(1);
  first.system.kill();
  const second = await hostForTests({ a: { machine } }, { server, host: 'n2' });
  await second.system.tell('a/1', { type: 'look' });
  await expect.poll(async () => (await second.system.inspect('a/1'))?.host).toBe('n2');
  expect((await second.system.inspect('a/1'))?.timers).toHaveLength(1);
  await second.system.stop();
});

test('a delay below zero is over at once', async () => {
  const { system } = await hostForTests({ a: { machine: waiting(-5) } });
  await system.tell('a/1', { type: 'wait' });
  await expect.poll(async () => (await system.inspect('a/1'))?.snapshot.value).toBe('done');
  await system.stop();
});

describe('the servers are asked to end', () => {
  const year = 365 * 24 * 3_600_000;
  test.each([
    ['no timer that is short', 4_999, 0],
    ['one of five seconds', 5_000, 1],
    ['one of a hundred years', 100 * year, 1],
    ['none whose end they could not write as a date', 10_000 * year, 0],
  ])('%s', (_what, delayMs, wakes) => {
    const timer = { event: { type: 'x' }, dueMs: 7 + delayMs, armed: 1, measured: true };
    const state = { ...emptyState(), step: 1, timers: new Map([['t', timer]]) };
    expect(wakesOf('a/1' as never, state, 7, 5_000)).toHaveLength(wakes);
  });
});

test('a step that fails once does not begin the timers of its actor again', async () => {
  let fails = 1;
  const machine = createMachine({
    initial: 'waiting',
    on: {
      flaky: {
        actions: () => {},
        guard: () => {
          if (fails-- > 0) throw new Error('once');
          return true;
        },
      },
    },
    states: { waiting: { after: { 60000: 'done' } }, done: {} },
  });
  let nowMs = 0;
  const clock = { ...systemClock, nowMs: () => nowMs };
  const { system } = await hostForTests({ a: { machine } }, { clock });
  await system.spawn('a/1');
  await expect.poll(() => system.inspect('a/1')).toBeDefined();
  nowMs += 50_000;
  await system.tell('a/1', { type: 'flaky' });
  await expect.poll(async () => (await system.inspect('a/1'))?.step).toBe(2);
  expect((await system.inspect('a/1'))?.timers).toMatchObject([{ remainingMs: 10_000 }]);
  await system.stop();
});
