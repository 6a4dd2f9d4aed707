import { expect, test } from 'vitest';
import { assign, createMachine, fromCallback, fromPromise, raise, sendParent, sendTo, setup } from 'xstate';
import { ANY_EVENT, hostForTests } from './host-for-tests.ts';
import { type ActorSystemOptions, createActorSystem, MemoryServer, MemoryTransport, systemClock, tell } from './mod.ts';

const machine = createMachine({ on: { x: { actions: () => {} } } });

function unstarted(options: object = {}) {
  const transport = new MemoryTransport(new MemoryServer({ clock: systemClock, partitions: 1 }));
  const all = { transport, clock: systemClock, random: () => 0.5, host: 'n1', ...options };
  return createActorSystem(all as ActorSystemOptions); // as callers without types give them
}

test.each([
  ['a name that is none', { limits: { idelMs: 5 } }, /limits\.idelMs is no setting: there are snapshotBytes, /],
  ['of membership too', { membership: { aliveMs: 5 } }, /membership\.aliveMs is no setting/],
  ['nothing', { limits: { idleMs: undefined } }, /limits\.idleMs is undefined, needs at least 1/],
  ['text', { limits: { idleMs: '5' } }, /limits\.idleMs is "5", needs at least 1/],
  ['no backoff', { limits: { failure: null } }, /limits\.failure\.firstMs is undefined/],
  ['half a backoff', { limits: { failure: { firstMs: 3 } } }, /limits\.failure\.maxMs is undefined/],
  ['odd timers', { timers: 'server' }, /timers is "server", needs to be "servers" or "own"/],
  ['no transport', { transport: undefined }, /transport is missing or is none: want one of `connectJetStream\(\)`/],
  ['no clock', { clock: undefined }, /clock is missing or is none: want `systemClock`/],
  ['no randomness', { random: 0.5 }, /random is no function/],
  ['no host', { host: undefined }, /host undefined: want/],
])('a system is refused: %s', (_what, options, message) => {
  expect(() => unstarted(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTINGS', message: expect.stringMatching(message) }),
  );
});

const invoking = (src: unknown) =>
  setup({ actors: { other: src } } as never).createMachine({ invoke: { src: 'other' } } as never);

test.each([
  ['no machine', { machine: undefined }, 'INVALID_SETTINGS', /machine is no state machine of XState 5/],
  ['other logic', { machine: fromPromise(async () => 1) }, 'INVALID_SETTINGS', /machine is no state machine/],
  ['no schema', { events: undefined }, 'INVALID_SETTINGS', /events is no schema: want one of zod/],
  ['text for a version', { version: '1' }, 'INVALID_SETTINGS', /version of kind a is "1"/],
  ['an odd policy', { onError: { policy: 'restart' } }, 'INVALID_SETTINGS', /policy is restart: want park, stop or/],
  ['an effect that is no function', { effects: { pay: 5 } }, 'INVALID_SETTINGS', /effect pay is no function/],
  ['an odd migration', { migrate: 5 }, 'INVALID_SETTINGS', /migrate is no function/],
  ['an invoked machine', { machine: invoking(machine) }, 'UNSUPPORTED_ACTION', /other in .machine., which is no/],
  ['a callback', { machine: invoking(fromCallback(() => {})) }, 'UNSUPPORTED_ACTION', /use spawnChild/],
])('a kind is refused: %s', (_what, wrong, code, message) => {
  const system = unstarted();
  expect(() => system.register('a', { machine, version: 1, events: ANY_EVENT, ...wrong } as never)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

test('what is no number is refused where one is asked for', async () => {
  const { system } = await hostForTests({ a: { machine } });
  for (const timeoutMs of [Number.NaN, -1, '100' as never]) {
    const asked = system.ask('a/1', { type: 'x' }, { timeoutMs });
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_SETTINGS' });
  }
  await expect(system.history('a/1', Number.NaN)).rejects.toMatchObject({ code: 'INVALID_SETTINGS' });
  await expect(system.deadLetters('5' as never)).rejects.toMatchObject({ code: 'INVALID_SETTINGS' });
  expect(await system.inspect('a/1'), 'nothing was sent').toBeUndefined();
  await system.stop();
});

test.each([
  ['a transition that goes in circles', createMachine(circle()), 'STEP_FAILED', /Infinite loop detected/],
  [
    'events that raise each other',
    createMachine({ on: { x: { actions: raise({ type: 'x' }) } } }),
    'STEP_FAILED',
    /loop/,
  ],
  ['sendTo', createMachine({ on: { x: { actions: sendTo('y', { type: 'z' }) } } }), 'UNSUPPORTED_ACTION', /use tell/],
  [
    'sendParent',
    createMachine({ on: { x: { actions: sendParent({ type: 'z' }) } } }),
    'UNSUPPORTED_ACTION',
    /use tell/,
  ],
  [
    'no such action',
    createMachine({ on: { x: { actions: 'nope' } } }),
    'UNSUPPORTED_ACTION',
    /no action nope: give it/,
  ],
  [
    'a tell of nothing',
    createMachine({ on: { x: { actions: tell(() => undefined as never) } } }),
    'UNSUPPORTED_ACTION',
    /tell.. was given undefined/,
  ],
  [
    'a tell without event',
    createMachine({ on: { x: { actions: tell(() => ({ to: 'a/2' }) as never) } } }),
    'UNSUPPORTED_ACTION',
    /needs an event/,
  ],
])('a machine parks and stops nobody else: %s', async (_what, wrong, code, reason) => {
  const { system, status } = await hostForTests(
    { a: { machine: wrong }, b: { machine } },
    { limits: { microsteps: 100 } },
  );
  await system.tell('a/1', { type: 'x' });
  await expect
    .poll(async () => (await system.inspect('a/1'))?.parked)
    .toMatchObject({ code, reason: expect.stringMatching(reason) });
  await system.tell('b/1', { type: 'x' });
  await expect.poll(() => status('b/1')).toBe('active');
  await system.stop();
});

function circle() {
  return { initial: 'a', states: { a: { on: { x: 'b' } }, b: { always: 'c' }, c: { always: 'b' } } } as const;
}

test('a machine may set its own bound on the transitions of a step', async () => {
  const counting = (options: object) =>
    setup({ types: { context: {} as { n: number } } }).createMachine({
      ...options,
      context: { n: 0 },
      always: { guard: ({ context }) => context.n < 150, actions: assign({ n: ({ context }) => context.n + 1 }) },
    });
  const { system, status, context } = await hostForTests(
    { own: { machine: counting({ options: { maxIterations: 1_000 } }) }, none: { machine: counting({}) } },
    { limits: { microsteps: 100 } },
  );
  await system.spawn('own/1');
  await system.spawn('none/1');
  await expect.poll(() => status('none/1')).toBe('parked');
  await expect.poll(() => context('own/1')).toEqual({ n: 150 });
  await system.stop();
});

// A rejection that nobody handles ends a process; here it fails the run.
test('promises of plain actions and listeners that are rejected are told, and end no process', async () => {
  const failing = createMachine({ on: { x: { actions: async () => Promise.reject(new Error('rejected')) } } });
  const { system, alerts } = await hostForTests({ a: { machine: failing } });
  await system.watch(['a'], async () => Promise.reject(new Error('listener')));
  await system.tell('a/1', { type: 'x' });
  await expect
    .poll(() => alerts.map(({ code, text }) => `${code} ${text}`))
    .toEqual(expect.arrayContaining(['STEP_FAILED plain action: Error: rejected', 'LISTENER_FAILED Error: listener']));
  await system.stop();
});
