import { afterEach, describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type ActorSystem,
  type Address,
  type Alert,
  createActorSystem,
  effect,
  MemoryServer,
  MemoryTransport,
  promiseActor,
  reply,
  spawnChild,
  systemClock,
  tell,
} from './mod.ts';

const events = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), n: z.number() }),
  z.object({
    type: z.enum(['leave', 'get', 'odd', 'spawn', 'date', 'spoof', 'stranger', 'nowhere', 'mess', 'job']),
  }),
]);

const machine = setup({
  types: {
    context: {} as { got: unknown[] },
    events: {} as z.infer<typeof events> | { type: 'actor.refused'; code: string },
  },
  actors: { slow: promiseActor<number, number>() },
}).createMachine({
  context: { got: [] },
  initial: 'idle',
  on: {
    get: { actions: reply(({ context }) => context.got) },
    date: { actions: assign({ got: () => [new Date(0)] }) },
    job: { actions: effect(() => ({ run: 'big' })) },
    spoof: { actions: tell(() => ({ to: 'a/2', event: { type: 'xstate.done.actor.0' } })) },
    stranger: { actions: tell(() => ({ to: 'nobody/2', event: { type: 'get' } })) },
    nowhere: { actions: tell(() => ({ to: 'not an address', event: { type: 'get' } })) },
    mess: { actions: tell(() => ({ to: 'a/2', event: { type: 'start', n: 'many' } })) },
    spawn: { actions: spawnChild(() => ({ address: 'a/2' })) },
    'actor.refused': { actions: assign({ got: ({ context, event }) => [...context.got, event.code] }) },
  },
  states: {
    idle: { on: { start: 'busy' } },
    busy: {
      invoke: {
        src: 'slow',
        input: 1,
        onDone: { target: 'idle', actions: assign({ got: ({ event }) => [event.output] }) },
      },
      on: { leave: 'idle' },
    },
  },
});

const circle: Record<string, unknown> = { type: 'get' };
circle.self = circle;

let system: ActorSystem | undefined;
let finishSlow: ((value: number) => void)[] = [];
afterEach(async () => {
  await system?.stop();
});

async function start() {
  finishSlow = [];
  const alerts: Alert[] = [];
  const server = new MemoryServer({ clock: systemClock, partitions: 2 });
  const made = createActorSystem({
    transport: new MemoryTransport(server),
    clock: systemClock,
    random: () => 0.5,
    host: 'n1',
    membership: { joinMs: 1 },
    onAlert: (alert) => alerts.push(alert),
    limits: { failure: { firstMs: 1, maxMs: 2 }, handBackMs: 2 },
  });
  const slow = () => new Promise<number>((resolve) => finishSlow.push(resolve));
  const big = async () => 10n;
  made.register('a', { machine, version: 1, events, effects: { slow, big }, onError: { maxFailures: 2 } });
  await made.start();
  system = made;
  const last = async (of = 'a/1') => (await made.history(of)).at(-1);
  const outcomes = async (of = 'a/1') => (await made.history(of)).map((step) => step.outcome);
  return { system: made, server, alerts, last, outcomes };
}

test('an event the machine does not handle is recorded as dropped, with its state and the reason', async () => {
  const { system: running, last } = await start();
  await running.tell('a/1', { type: 'leave' });
  await expect
    .poll(async () => await last())
    .toMatchObject({
      outcome: 'dropped',
      reason: 'no transition for leave in "idle"',
      cause: { event: { type: 'leave' } },
      snapshot: { value: 'idle' },
    });
});

test('a late result of an effect is dropped and recorded as such; the machine is where it was', async () => {
  const { system: running, last } = await start();
  await running.tell('a/1', { type: 'start', n: 1 });
  await expect.poll(() => finishSlow.length).toBe(1);
  await running.tell('a/1', { type: 'leave' });
  await expect.poll(async () => (await last())?.snapshot.value).toBe('idle');
  finishSlow[0]?.(7);
  await expect
    .poll(async () => await last())
    .toMatchObject({
      outcome: 'stale',
      reason: 'the actor no longer waits for this result',
      snapshot: { value: 'idle', context: { got: [] } },
    });
});

test('of a result that comes twice, from two hosts that ran the effect, one counts and the other is recorded', async () => {
  const { system: running, server, outcomes } = await start();
  await running.tell('a/1', { type: 'start', n: 1 });
  await expect.poll(() => finishSlow.length).toBe(1);
  // A second host takes the actor over and runs the same effect again; the first still believes that it owns it.
  const transport = new MemoryTransport(server);
  const other = createActorSystem({
    ...{ transport, clock: systemClock, random: () => 0.7, host: 'n2', membership: { joinMs: 1 } },
    limits: { failure: { firstMs: 1, maxMs: 2 } },
  });
  transport.bus.subscribe = () => () => {}; // hears nobody: it takes every partition
  const slow = () => new Promise<number>((resolve) => finishSlow.push(resolve));
  other.register('a', { machine, version: 1, events, effects: { slow } });
  await other.start();
  await expect.poll(() => finishSlow.length).toBe(2);
  finishSlow[1]?.(8);
  await expect.poll(async () => (await running.inspect('a/1'))?.snapshot.context.got).toEqual([8]);
  finishSlow[0]?.(7);
  await expect.poll(async () => await outcomes()).toEqual(['handled', 'handled', 'stale']);
  expect((await running.inspect('a/1'))?.snapshot.context.got).toEqual([8]);
  await other.stop();
});

test('an actor stopped with effects under way waits for none; their results are recorded as stale', async () => {
  const { system: running, last } = await start();
  await running.tell('a/1', { type: 'start', n: 1 });
  await expect.poll(() => finishSlow.length).toBe(1);
  await running.stopActor('a/1');
  await expect.poll(async () => await last()).toMatchObject({ status: 'stopped', effects: [] });
  finishSlow[0]?.(7);
  await expect.poll(async () => await last()).toMatchObject({ status: 'stopped', outcome: 'stale' });
});

test('an effect whose result is no plain JSON fails with a code instead of poisoning the actor', async () => {
  const { system: running, last } = await start();
  await running.tell('a/1', { type: 'job' });
  await expect
    .poll(async () => (await last())?.cause.event)
    .toMatchObject({
      type: 'effect.error',
      error: { code: 'NOT_SERIALISABLE', message: expect.stringContaining('output of big holds a bigint') },
    });
  expect(await last()).toMatchObject({ status: 'active', outcome: 'settled' });
});

describe('what cannot be sent is refused before anything is stored', () => {
  test.each([
    [
      'an address without id',
      'a',
      { type: 'get' },
      'INVALID_ADDRESS',
      /not an actor address: "a" \(want kind\/id, for example/,
    ],
    ['an address with odd characters', 'a/x y', { type: 'get' }, 'INVALID_ADDRESS', /"a\/x y"/],
    [
      'an unknown kind',
      'nobody/1',
      { type: 'get' },
      'UNKNOWN_KIND',
      /no kind nobody .* registered on host n1; registered: a/,
    ],
    [
      'an event that fails its schema',
      'a/1',
      { type: 'start', n: 'x' },
      'MALFORMED_EVENT',
      /start to a\/1: .*expected number/s,
    ],
    ['an event of the runtime', 'a/1', { type: 'actor.parked' }, 'MALFORMED_EVENT', /runtime's own/],
    ['no event at all', 'a/1', null, 'MALFORMED_EVENT', /an event is an object with a type/],
    ['an event without type', 'a/1', { n: 1 }, 'MALFORMED_EVENT', /an event is an object with a type/],
    [
      'an event that JSON would change',
      'a/1',
      { type: 'get', at: new Date(0) },
      'NOT_SERIALISABLE',
      /event get\.at holds a Date/,
    ],
    [
      'an undefined in a list',
      'a/1',
      { type: 'get', list: [1, undefined] },
      'NOT_SERIALISABLE',
      /list\[1\] is undefined/,
    ],
    ['a circle', 'a/1', circle, 'NOT_SERIALISABLE', /event get\.self\.self.* goes in a circle/],
    ['a function', 'a/1', { type: 'get', f: () => 1 }, 'NOT_SERIALISABLE', /event get\.f holds a function/],
    ['not a number', 'a/1', { type: 'start', n: Number.NaN }, 'NOT_SERIALISABLE', /event start\.n holds a number NaN/],
  ])('%s', async (_what, to, event, code, message) => {
    const { system: running, server } = await start();
    for (const send of [running.tell(to, event as never), running.ask(to, event as never)]) {
      await expect(send).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect([0, 1].map((partition) => server.mailbox(partition).size)).toEqual([0, 0]);
  });
});

test.each([
  ['history of no length', async (running: ActorSystem) => running.history('a/1', 0), []],
  ['no dead letters', async (running: ActorSystem) => running.deadLetters(0), []],
  ['an actor that never was', async (running: ActorSystem) => running.inspect('a/99'), undefined],
  ['its history', async (running: ActorSystem) => running.history('a/99'), []],
] as const)('reading %s', async (_what, read, expected) => {
  const { system: running } = await start();
  await running.tell('a/1', { type: 'get' });
  await expect.poll(() => running.inspect('a/1')).toBeDefined();
  expect(await read(running)).toEqual(expected);
});

test.each([
  ['no kind', [], 'UNKNOWN_KIND'],
  ['an unknown kind', ['a', 'nobody'], 'UNKNOWN_KIND'],
  ['no name of a kind', ['A B'], 'INVALID_ADDRESS'],
])('watching %s is refused', async (_what, kinds, code) => {
  const { system: running } = await start();
  await expect(running.watch(kinds, () => {})).rejects.toMatchObject({ code });
});

describe('what a machine may not do fails its step with a code, and nothing of the step is stored or sent', () => {
  test.each([
    ['a context that JSON would change', 'date', 'NOT_SERIALISABLE', /context\.got\[0\] holds a Date/],
    [
      'an event of the runtime',
      'spoof',
      'UNSUPPORTED_ACTION',
      /xstate\.done\.actor\.0 is an event of the runtime's own/,
    ],
    ['a message to an unknown kind', 'stranger', 'UNKNOWN_KIND', /no kind nobody/],
    ['a message to no address', 'nowhere', 'INVALID_ADDRESS', /not an actor address: "not an address"/],
  ])('%s', async (_what, type, code, message) => {
    const { system: running, server } = await start();
    await running.tell('a/1', { type: 'get' });
    await running.tell('a/1', { type: type as 'date' });
    await expect
      .poll(async () => (await running.inspect('a/1'))?.parked)
      .toMatchObject({
        code,
        reason: expect.stringMatching(message),
      });
    expect(await running.inspect('a/1')).toMatchObject({ snapshot: { context: { got: [] } }, tells: [] });
    expect(await running.inspect('a/2')).toBeUndefined();
    expect(server.deadLetters).toEqual([]);
  });
});

test('what an actor sends against the receiver’s schema is refused there, kept, and the sender is told by an event', async () => {
  const { system: running, last } = await start();
  await running.tell('a/1', { type: 'mess' });
  await expect.poll(async () => (await running.inspect('a/1'))?.snapshot.context.got).toEqual(['MALFORMED_EVENT']);
  expect(await last('a/2')).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('expected number') });
  expect(await running.deadLetters()).toEqual([
    {
      message: expect.objectContaining({ to: 'a/2', from: 'a/1' }),
      reason: expect.stringContaining('expected number'),
    },
  ]);
});

test('a client that knows no schema learns from its ask that the event was refused', async () => {
  const { server } = await start();
  const client = createActorSystem({
    ...{ transport: new MemoryTransport(server), clock: systemClock, random: () => 0.1, host: 'client' },
  });
  await client.start();
  await expect(client.ask('a/1', { type: 'start', n: 'x' })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' });
  await expect(client.ask('a/1', { type: 'get' })).resolves.toEqual([]);
  expect(client.hosts).toEqual(['client']);
  await client.stop();
});

test.each([
  ['no address', { to: 'nowhere' }, /"nowhere" is no actor address/],
  ['an address nobody could have', { to: 'A/ /x' }, /is no actor address/],
  ['an event of XState itself', { event: { type: 'xstate.done.actor.0.a.busy', output: 1 } }, /runtime's own/],
])(
  'a message of a foreign writer with %s is kept as a dead letter; the partition goes on',
  async (_what, odd, reason) => {
    const { system: running, server } = await start();
    const foreign = { id: 'f', to: 'a/1' as Address, from: 'external:odd', event: { type: 'get' }, ...odd };
    for (const partition of [0, 1]) server.mailbox(partition).add(foreign as never);
    await expect
      .poll(async () => (await running.deadLetters()).map((letter) => letter.reason))
      .toContainEqual(expect.stringMatching(reason));
    expect(await running.ask('a/1', { type: 'get' })).toEqual([]);
  },
);

test('making an actor that another supervises tells the second, who does not supervise it', async () => {
  const { system: running, last } = await start();
  await running.tell('a/first', { type: 'spawn' });
  await expect.poll(async () => (await running.inspect('a/2'))?.parent).toBe('a/first');
  await running.tell('a/second', { type: 'spawn' });
  await expect.poll(async () => (await running.inspect('a/second'))?.snapshot.context.got).toEqual(['ALREADY_EXISTS']);
  expect(await last('a/2')).toMatchObject({
    outcome: 'dropped',
    reason: 'a/2 exists already, supervised by a/first',
    parent: 'a/first',
  });
  // The same one again changes nothing and is no mistake.
  await running.tell('a/first', { type: 'spawn' });
  await expect.poll(async () => (await running.history('a/2')).length).toBe(3);
  expect((await running.inspect('a/first'))?.snapshot.context.got).toEqual([]);
});
