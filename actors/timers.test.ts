import { describe, expect, test, vi } from 'vitest';
import { assign, cancel, raise, setup } from 'xstate';
import { z } from 'zod';
import { type Clock, createActorSystem, MemoryServer, MemoryTransport, type Timer } from './mod.ts';

const events = z.object({ type: z.enum(['wait', 'leave', 'other', 'remind', 'forget', 'reminded']) });

const machine = setup({
  types: { context: {} as { log: string[] }, events: {} as z.infer<typeof events> },
  actions: { note: assign({ log: ({ context, event }) => [...context.log, event.type] }) },
}).createMachine({
  context: { log: [] },
  initial: 'idle',
  on: {
    other: { actions: 'note' },
    remind: { actions: raise({ type: 'reminded' }, { id: 'reminder', delay: 3_000 }) },
    forget: { actions: cancel('reminder') },
    reminded: { actions: 'note' },
  },
  states: {
    idle: { on: { wait: 'waiting' } },
    waiting: { after: { 10000: { target: 'done', actions: 'note' } }, on: { leave: 'idle' } },
    done: {},
  },
});

/** Time that moves only when told, on each host apart. */
class HandClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly dueMs: number; readonly fire: () => void }>();
  constructor(startMs = 0) {
    this.#now = startMs;
  }
  nowMs(): number {
    return this.#now;
  }
  after(delayMs: number, fire: () => void): Timer {
    const timer = { dueMs: this.#now + delayMs, fire };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
  /** Moves on, letting everything that becomes due happen on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.#timers].filter((timer) => timer.dueMs <= end).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.dueMs);
      this.#timers.delete(next);
      next.fire();
    }
    this.#now = end;
  }
}

async function world(schedules: boolean, timers?: 'servers' | 'own') {
  const servers = new HandClock(77_000);
  const server = new MemoryServer({ clock: servers, partitions: 1, schedules });
  const clocks: HandClock[] = [servers];
  /** The same time passes everywhere. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) for (const clock of clocks) await clock.pass(50);
  };
  const host = async (name: string) => {
    const clock = new HandClock(name.length * 1_000_000);
    clocks.push(clock);
    const transport = new MemoryTransport(server);
    const system = createActorSystem({
      ...{ transport, clock, random: () => 0.5, host: name, membership: { joinMs: 10 } },
      ...(timers === undefined ? {} : { timers }),
    });
    system.register('a', { machine, version: 1, events });
    const started = system.start();
    await pass(200);
    await started;
    const die = async () => {
      system.kill();
      await transport.close();
      clocks.splice(clocks.indexOf(clock), 1);
    };
    const value = async () => (await system.inspect('a/1'))?.snapshot.value;
    const log = async () => (await system.inspect('a/1'))?.snapshot.context.log;
    const send = async (type: z.infer<typeof events>['type']) => {
      await system.tell('a/1', { type });
      await pass(50);
    };
    return { system, value, log, send, die, clock };
  };
  return { server, servers, pass, host };
}

describe.each([
  ['own timers', false],
  ['timers that the servers know too', true],
] as const)('%s', (_name, schedules) => {
  test('fire once, never early', async () => {
    const { pass, host } = await world(schedules);
    const { value, log, send } = await host('n1');
    await send('wait');
    await pass(9_800);
    expect(await value()).toBe('waiting');
    await pass(300);
    expect(await value()).toBe('done');
    await pass(30_000);
    expect(await log()).toEqual(['xstate.after.10000.(machine).waiting']);
  });

  test('end with their state; entering it again begins anew', async () => {
    const { pass, host } = await world(schedules);
    const { value, send } = await host('n1');
    await send('wait');
    await pass(6_000);
    await send('leave');
    await send('wait');
    await pass(9_800);
    expect(await value(), 'the first one must not end the second').toBe('waiting');
    await pass(300);
    expect(await value()).toBe('done');
  });

  test('a delayed raise is durable too, and can be cancelled', async () => {
    const { pass, host } = await world(schedules);
    const { log, send } = await host('n1');
    await send('remind');
    await pass(2_000);
    await send('forget');
    await pass(5_000);
    expect(await log()).toEqual([]);
    await send('remind');
    await pass(3_100);
    expect(await log()).toEqual(['reminded']);
  });

  test('survive the death of their host: late, never early, once', async () => {
    const { pass, host } = await world(schedules);
    const first = await host('n1');
    await first.send('wait');
    await pass(6_000);
    await first.die();
    const second = await host('n22');
    await pass(3_000);
    expect(await second.value(), 'not before 10 s in all').toBe('waiting');
    await pass(12_000);
    expect(await second.value()).toBe('done');
    await pass(20_000);
    expect(await second.log()).toHaveLength(1);
  });

  test('a time of day that jumps by hours on a host changes nothing', async () => {
    const { pass, host } = await world(schedules);
    const { value, send } = await host('n1');
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    try {
      await send('wait');
      vi.setSystemTime(10 * 3_600_000);
      await pass(5_000);
      expect(await value()).toBe('waiting');
      vi.setSystemTime(0);
      await pass(5_200);
      expect(await value()).toBe('done');
    } finally {
      vi.useRealTimers();
    }
  });
});

test('with the servers’ help a takeover does not begin the wait again', async () => {
  const { pass, host } = await world(true);
  const first = await host('n1');
  await first.send('wait');
  await pass(6_000);
  await first.die();
  const second = await host('n22');
  await pass(4_200);
  expect(await second.value()).toBe('done');
});

test('without it, what was left at the last step is waited in full', async () => {
  for (const [schedules, timers] of [
    [false, 'servers'],
    [true, 'own'],
  ] as const) {
    const { pass, host } = await world(schedules, timers);
    const first = await host('n1');
    await first.send('wait');
    await pass(4_000);
    await first.send('other');
    await pass(2_000);
    await first.die();
    const second = await host('n22');
    await pass(5_500);
    expect(await second.value()).toBe('waiting');
    await pass(700);
    expect(await second.value()).toBe('done');
  }
});

test('servers whose clock runs ahead end nothing early on the host that armed the timer', async () => {
  const { servers, pass, host } = await world(true);
  const { value, send } = await host('n1');
  await send('wait');
  await pass(1_000);
  await servers.pass(3_600_000);
  await pass(100);
  expect(await value()).toBe('waiting');
  await pass(9_000);
  expect(await value()).toBe('done');
});
