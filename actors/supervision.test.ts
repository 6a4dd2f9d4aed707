import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type Alert,
  createActorSystem,
  type KindOptions,
  MemoryServer,
  MemoryTransport,
  reply,
  spawnChild,
  systemClock,
} from './mod.ts';

const events = z.union([
  z.object({ type: z.literal('add'), by: z.number() }),
  z.object({ type: z.literal('get') }),
  z.object({ type: z.literal('hire'), child: z.string() }),
]);
let repaired = false;

const worker = setup({
  types: { context: {} as { sum: number }, events: {} as { type: 'add'; by: number } | { type: 'get' } },
}).createMachine({
  context: { sum: 0 },
  on: {
    add: {
      actions: assign({
        sum: ({ context, event }) => {
          if (event.by === 13 && !repaired) throw new Error('thirteen');
          return context.sum + event.by;
        },
      }),
    },
    get: { actions: reply(({ context }) => context.sum) },
  },
});

const boss = setup({
  types: {
    context: {} as { heard: string[] },
    events: {} as
      | { type: 'hire'; child: string }
      | { type: 'get' }
      | { type: 'actor.parked'; address: string }
      | { type: 'actor.stopped'; address: string },
  },
}).createMachine({
  context: { heard: [] },
  on: {
    hire: { actions: spawnChild(({ event }) => ({ address: event.child })) },
    get: { actions: reply(({ context }) => context.heard) },
    'actor.parked': {
      actions: assign({ heard: ({ context, event }) => [...context.heard, `parked ${event.address}`] }),
    },
    'actor.stopped': {
      actions: assign({ heard: ({ context, event }) => [...context.heard, `stopped ${event.address}`] }),
    },
  },
});

async function office(onError: KindOptions['onError'] = {}) {
  const server = new MemoryServer({ clock: systemClock, partitions: 2 });
  const alerts: Alert[] = [];
  const system = createActorSystem({
    transport: new MemoryTransport(server),
    clock: systemClock,
    random: () => 0.5,
    host: 'n1',
    onAlert: (alert) => alerts.push(alert),
    membership: { joinMs: 1 },
    limits: { failure: { firstMs: 1, maxMs: 4 }, handBackMs: 2 },
  });
  system.register('worker', { machine: worker, version: 1, events, onError: { maxFailures: 3, ...onError } });
  system.register('boss', { machine: boss, version: 1, events });
  await system.start();
  await system.tell('boss/1', { type: 'hire', child: 'worker/1' });
  await expect.poll(() => system.inspect('worker/1')).toBeDefined();
  return { system, server, alerts };
}

test('a poisoned actor parks, its supervisor hears of it, others go on, and release continues it without loss', async () => {
  repaired = false;
  const { system, alerts } = await office();
  await system.tell('worker/1', { type: 'add', by: 1 });
  await system.tell('worker/1', { type: 'add', by: 13 });
  await system.tell('worker/1', { type: 'add', by: 100 });
  await expect.poll(async () => (await system.inspect('worker/1'))?.status).toBe('parked');
  expect((await system.inspect('worker/1'))?.parked).toEqual({ reason: 'thirteen', code: 'STEP_FAILED', failures: 3 });
  await expect.poll(() => system.ask('boss/1', { type: 'get' })).toEqual(['parked worker/1']);
  expect(alerts.map((alert) => alert.code)).toContain('ACTOR_PARKED');
  for (const id of [2, 3, 4]) {
    await system.tell(`worker/${id}`, { type: 'add', by: id });
    expect(await system.ask(`worker/${id}`, { type: 'get' })).toBe(id);
  }
  repaired = true;
  await system.release('worker/1');
  await expect.poll(() => system.ask('worker/1', { type: 'get' })).toBe(114);
  await system.stop();
});

test('policy stop ends the actor and tells the supervisor', async () => {
  repaired = false;
  const { system } = await office({ policy: 'stop' });
  await system.tell('worker/1', { type: 'add', by: 13 });
  await expect.poll(() => system.ask('boss/1', { type: 'get' })).toEqual(['stopped worker/1']);
  await expect(system.ask('worker/1', { type: 'get' })).rejects.toThrow('the actor is stopped');
  await system.stop();
});

test('policy escalate makes a supervisor that does not handle it fail', async () => {
  repaired = false;
  const { system } = await office({ policy: 'escalate' });
  await system.tell('worker/1', { type: 'add', by: 13 });
  await expect.poll(async () => (await system.inspect('boss/1'))?.parked?.code).toBe('ESCALATED');
  await system.stop();
});

test('a malformed event that got past its sender is refused, kept and recorded', async () => {
  const { system, server } = await office();
  const event = { type: 'add', by: 'much' };
  await server.deliver({ id: 'x', to: 'worker/1' as never, from: 'external:old client', event });
  await expect.poll(async () => (await system.inspect('worker/1'))?.outcome).toBe('refused');
  expect(server.deadLetters).toHaveLength(1);
  await system.tell('worker/1', { type: 'get' });
  expect(await system.ask('worker/1', { type: 'get' })).toBe(0);
  await system.stop();
});

// A rejection that nobody handles ends a process; here it fails the run.
for (const point of ['commit', 'acknowledge', 'send', 'effect'] as const) {
  test(`a host that stops while it parks an actor (${point}) stops quietly; the next one has the actor parked`, async () => {
    const server = new MemoryServer({ clock: systemClock, partitions: 1 });
    const host = async (name: string, onCyclePoint: (at: string) => void = () => {}) => {
      const system = createActorSystem({
        transport: new MemoryTransport(server),
        clock: systemClock,
        random: () => 0.5,
        host: name,
        membership: { joinMs: 1 },
        onCyclePoint,
      });
      system.register('worker', { machine: worker, version: 1, events, onError: { maxFailures: 1 } });
      await system.start();
      return system;
    };
    let reached = false;
    const first = await host('n1', (at) => {
      if (at !== point || reached) return;
      reached = true;
      void first.stop();
    });
    repaired = false;
    await first.tell('worker/1', { type: 'add', by: 13 });
    const second = await host('n2');
    await expect.poll(async () => (await second.inspect('worker/1'))?.status, { timeout: 5_000 }).toBe('parked');
    await second.stop();
  });
}
