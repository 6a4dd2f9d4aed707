import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type ActorSystemOptions,
  type Alert,
  createActorSystem,
  effect,
  type KindOptions,
  MemoryServer,
  type MemoryServerOptions,
  MemoryTransport,
  promiseActor,
  systemClock,
  tell,
} from './mod.ts';

const events = z.object({
  type: z.enum(['add', 'poison', 'grow', 'say', 'flood', 'work']),
  n: z.number().optional(),
  text: z.string().optional(),
});

let stuck = false;

const machine = setup({
  types: { context: {} as { count: number; text: string }, events: {} as z.infer<typeof events> },
}).createMachine({
  context: { count: 0, text: '' },
  on: {
    add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    poison: {
      actions: () => {},
      guard: () => {
        if (stuck) throw new Error('stuck');
        return true;
      },
    },
    grow: { actions: assign({ text: ({ context, event }) => context.text + 'x'.repeat(event.n ?? 0) }) },
    say: { actions: assign({ text: ({ event }) => event.text ?? '' }) },
    flood: {
      actions: tell(({ event }) =>
        Array.from({ length: event.n ?? 0 }, () => ({ to: 'a/sink', event: { type: 'add' } })),
      ),
    },
    work: {
      actions: effect(({ event }) => Array.from({ length: event.n ?? 0 }, (_, i) => ({ run: 'job', input: i }))),
    },
  },
});

async function start(
  options: Partial<ActorSystemOptions> = {},
  kind: Partial<KindOptions> = {},
  serverOptions: Partial<MemoryServerOptions> = {},
) {
  const alerts: Alert[] = [];
  const server = new MemoryServer({ clock: systemClock, partitions: 1, ...serverOptions });
  const system = createActorSystem({
    transport: new MemoryTransport(server),
    clock: systemClock,
    random: () => 0.5,
    host: 'n1',
    membership: { joinMs: 1 },
    onAlert: (alert) => alerts.push(alert),
    ...options,
    limits: { failure: { firstMs: 1, maxMs: 2 }, unavailable: { firstMs: 1, maxMs: 4 }, ...options.limits },
  });
  system.register('a', { machine, version: 1, events, onError: { maxFailures: 2 }, ...kind });
  await system.start();
  const context = async (of: string) => (await system.inspect(of))?.snapshot.context;
  return { system, server, alerts, context };
}

test('a snapshot over its limit is not stored: the actor parks from its last step, and goes on when the event is harmless', async () => {
  const { system, context } = await start({ limits: { snapshotBytes: 4_000 } });
  await system.tell('a/1', { type: 'grow', n: 1_000 });
  await system.tell('a/1', { type: 'grow', n: 9_000 });
  await expect.poll(async () => (await system.inspect('a/1'))?.parked?.code).toBe('SNAPSHOT_TOO_LARGE');
  expect((await system.inspect('a/1'))?.parked?.reason).toMatch(/limit 4000: keep less in the context or raise limits/);
  expect((await context('a/1'))?.text).toHaveLength(1_000);
  await system.stop();
});

test('an event too large for the history is cut there, and taken all the same', async () => {
  const { system, context } = await start({ limits: { snapshotBytes: 4_000 } });
  await system.tell('a/1', { type: 'add', text: 'x'.repeat(10_000) });
  await expect.poll(async () => (await context('a/1'))?.count).toBe(1);
  expect((await system.history('a/1')).at(-1)?.cause.event).toEqual({ type: 'add', 'actor.cut': true });
  await system.stop();
});

test('a poisonous event too large for the history still parks the actor', async () => {
  const { system } = await start({ limits: { snapshotBytes: 4_000 } });
  await system.tell('a/1', { type: 'grow', n: 9_000, text: 'x'.repeat(10_000) });
  await expect.poll(async () => (await system.inspect('a/1'))?.status).toBe('parked');
  await system.stop();
});

test('an actor that grew up to its limit by and by parks too, and can be released and ended', async () => {
  const { system } = await start({ limits: { snapshotBytes: 4_000 } });
  for (let grown = 0; grown < 4_000; grown += 50) await system.tell('a/1', { type: 'grow', n: 50 });
  const status = async () => (await system.inspect('a/1'))?.status;
  await expect.poll(status).toBe('parked');
  await system.release('a/1');
  const released = async () =>
    (await system.history('a/1')).filter((step) => step.cause.event.type === 'actor.release').length;
  await expect.poll(released).toBe(1);
  await expect.poll(status, { timeout: 5_000 }).toBe('parked');
  await system.stopActor('a/1');
  await expect.poll(status).toBe('stopped');
  await system.stop();
});

test('the limit counts bytes, not characters', async () => {
  const { system, context } = await start({ limits: { snapshotBytes: 4_000 } });
  await system.tell('a/1', { type: 'say', text: '\u{1F600}'.repeat(500) });
  await expect.poll(() => context('a/1')).toMatchObject({ text: '\u{1F600}'.repeat(500) });
  await system.tell('a/1', { type: 'say', text: '\u{1F600}'.repeat(1_000) });
  await expect.poll(async () => (await system.inspect('a/1'))?.parked?.code).toBe('SNAPSHOT_TOO_LARGE');
  await system.stop();
});

test('no more effects of one actor run at once than its limit; the rest wait their turn', async () => {
  let running = 0;
  let most = 0;
  let done = 0;
  const job = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running -= 1;
    done += 1;
  };
  const { system } = await start({ limits: { effectsInFlight: 3 } }, { effects: { job } });
  await system.tell('a/1', { type: 'work', n: 20 });
  await expect.poll(() => done).toBe(20);
  expect(most).toBe(3);
  await expect.poll(async () => (await system.inspect('a/1'))?.effects).toEqual([]);
  await system.stop();
});

test('a hot actor takes no more steps in a row than its slice before others get their turn', async () => {
  const { system } = await start({ limits: { stepsPerSlice: 8 } });
  let steps = 0;
  await system.watch(['a'], () => {
    steps += 1;
  });
  for (let i = 0; i < 400; i += 1) await system.tell('a/hot', { type: 'add' });
  let most = 0;
  for (let before = 0; steps < 400; before = steps) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, steps - before);
  }
  // The slice, and the few steps whose commits were already on their way.
  expect(most).toBeLessThanOrEqual(2 * 8);
  await system.stop();
});

test('one step may send so many messages: more fail it before anything is sent', async () => {
  const { system, context } = await start({ limits: { tellsPerStep: 10 } });
  await system.tell('a/1', { type: 'flood', n: 10 });
  await expect.poll(async () => (await context('a/sink'))?.count).toBe(10);
  await system.tell('a/1', { type: 'flood', n: 11 });
  await expect.poll(async () => (await system.inspect('a/1'))?.parked?.code).toBe('TOO_MANY_MESSAGES');
  expect((await context('a/sink'))?.count).toBe(10);
  await system.stop();
});

for (const atomicOutgoing of [true, false]) {
  test(`a full mailbox: senders from outside are refused, actors wait, all arrives (atomic: ${atomicOutgoing})`, async () => {
    stuck = true;
    const more = { limits: { fullMailboxWaitMs: 30 } };
    const { system, alerts, context } = await start(more, {}, { mailboxDepth: 20, atomicOutgoing });
    await system.tell('a/sink', { type: 'poison' });
    await expect.poll(async () => (await system.inspect('a/sink'))?.status).toBe('parked');
    for (let i = 0; i < 19; i += 1) await system.tell('a/sink', { type: 'add' });
    await expect(system.tell('a/sink', { type: 'add' })).rejects.toMatchObject({
      code: 'MAILBOX_FULL',
      retryable: true,
      message: expect.stringContaining('a/sink'),
    });
    for (let i = 0; i < 5; i += 1) await system.tell('a/sender', { type: 'flood', n: 10 });
    await expect.poll(() => alerts.filter((alert) => alert.code === 'MAILBOX_FULL').length).toBeGreaterThan(2);
    stuck = false;
    await system.release('a/sink');
    await expect.poll(async () => (await context('a/sink'))?.count).toBe(69);
    await expect.poll(() => system.tell('a/sink', { type: 'add' })).toBeUndefined();
    await system.stop();
  });
}

test('actors that fill each other’s mailboxes slow down and never stand still', async () => {
  const pingPong = setup({
    types: {
      context: {} as { other: string; count: number },
      input: {} as { address: string },
      events: {} as { type: 'hit' },
    },
  }).createMachine({
    context: ({ input }) => ({ other: input?.address === 'a/1' ? 'a/2' : 'a/1', count: 0 }),
    on: {
      hit: {
        actions: [
          assign({ count: ({ context }) => context.count + 1 }),
          tell(({ context }) =>
            context.count > 60 ? [] : [1, 2].map(() => ({ to: context.other, event: { type: 'hit' } })),
          ),
        ],
      },
    },
  });
  const { system, context } = await start(
    { limits: { fullMailboxWaitMs: 10 } },
    { machine: pingPong, events: z.object({ type: z.literal('hit') }) },
    { mailboxDepth: 4 },
  );
  await system.tell('a/1', { type: 'hit' });
  await expect
    .poll(async () => [(await context('a/1'))?.count, (await context('a/2'))?.count], { timeout: 10_000 })
    .toEqual([121, 120]);
  await system.stop();
});

test.each([
  ['host', { host: 'my host' }, /host "my host": want/],
  ['ids', { limits: { idsRemembered: 8 } }, /limits.idsRemembered is 8, needs at least 32/],
  ['senders', { limits: { sendersRemembered: 8 } }, /limits.sendersRemembered is 8, needs at least 512/],
  ['steps', { limits: { stepsPerSlice: 0 } }, /limits.stepsPerSlice is 0, needs at least 1/],
  ['parts of steps', { limits: { stepsPerSlice: 1.5 } }, /limits.stepsPerSlice is 1.5, needs to be a whole number/],
  ['sweeps', { membership: { sweepEveryMs: Number.NaN } }, /sweepEveryMs is NaN, needs at least 1/],
  ['no sweeps', { membership: { sweepEveryMs: 0 } }, /sweepEveryMs is 0, needs at least 1/],
  ['joining', { membership: { joinMs: Number.NaN } }, /joinMs is NaN, needs at least 0/],
  ['backoff', { limits: { failure: { firstMs: 9, maxMs: 3 } } }, /limits.failure.maxMs is 3, needs at least 9/],
  ['membership', { membership: { aliveEveryMs: 100, deadAfterMs: 150 } }, /deadAfterMs is 150, needs at least 200/],
] as const)('a setting that cannot work is refused at once: %s', (_what, options, message) => {
  const transport = new MemoryTransport(new MemoryServer({ clock: systemClock }));
  expect(() => createActorSystem({ transport, clock: systemClock, random: () => 0.5, host: 'n1', ...options })).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTINGS', message: expect.stringMatching(message) }),
  );
});

test.each([
  ['version', { version: Number.NaN }, /version of kind a is NaN, needs to be a whole number/],
  ['tries', { onError: { maxFailures: 0 } }, /onError.maxFailures of kind a is 0, needs at least 1/],
  ['no number of tries', { onError: { maxFailures: Number.NaN } }, /maxFailures of kind a is NaN, needs to be/],
] as const)('a kind that cannot work is refused: %s', (_what, wrong, message) => {
  const transport = new MemoryTransport(new MemoryServer({ clock: systemClock }));
  const system = createActorSystem({ transport, clock: systemClock, random: () => 0.5, host: 'n1' });
  expect(() => system.register('a', { machine, version: 1, events, ...wrong })).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTINGS', message: expect.stringMatching(message) }),
  );
});

test('effects that were aborted and go on count too; another starts when one ends', async () => {
  const ends: (() => void)[] = [];
  const job = () => new Promise<void>((resolve) => ends.push(resolve));
  const flipping = setup({ actors: { job: promiseActor<void, undefined>() } }).createMachine({
    initial: 'off',
    states: { off: { on: { add: 'on' } }, on: { invoke: { src: 'job' }, on: { add: 'off' } } },
  });
  const { system } = await start({ limits: { effectsInFlight: 4 } }, { machine: flipping, effects: { job } });
  for (let i = 0; i < 41; i += 1) await system.tell('a/1', { type: 'add' });
  await expect.poll(async () => (await system.inspect('a/1'))?.step).toBe(41);
  expect(ends).toHaveLength(4);
  ends[0]?.();
  await expect.poll(() => ends.length).toBe(5);
  await system.stop();
});
