import { afterEach, describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { type ActorSystem, createActorSystem, reply, spawnChild, stopChild, systemClock, tell } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const events = z.object({
  type: z.enum(['add', 'get', 'poison', 'hire', 'flood', 'fire', 'report']),
  n: z.number().optional(),
});
let poisonous = true;

const actor = setup({
  types: {
    context: {} as { address: string; seen: number[]; heard: string[] },
    input: {} as { address: string },
    events: {} as z.infer<typeof events> | { type: 'actor.parked' | 'actor.stopped'; address: string },
  },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', seen: [], heard: [] }),
  on: {
    add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.n ?? -1] }) },
    get: { actions: reply(({ context }) => context) },
    poison: {
      actions: assign(() => {
        if (poisonous) throw new Error('poison');
        return {};
      }),
    },
    hire: { actions: spawnChild(({ context }) => ({ address: child(context.address) })) },
    flood: {
      actions: tell(({ context, event }) =>
        Array.from({ length: 300 }, (_, i) => ({
          to: child(context.address),
          event: { type: 'add', n: (event.n ?? 0) * 300 + i },
        })),
      ),
    },
    report: { actions: tell(({ event }) => ({ to: 'a/hub', event: { type: 'add', n: event.n } })) },
    fire: { actions: stopChild(({ context }) => child(context.address)) },
    'actor.parked': { actions: assign({ heard: ({ context, event }) => [...context.heard, event.address] }) },
  },
});
const child = (address: string): string => `${address}-child`;

for (const [servers, name] of [
  [1, 'one server, outbox'],
  [3, 'three servers, atomic batches'],
] as const) {
  describe(`Parked actors on ${name}`, () => {
    const nats = serversForTests(servers);
    let system: ActorSystem | undefined;
    afterEach(async () => {
      await system?.stop();
    });

    async function start(stream: string): Promise<ActorSystem> {
      const options = { servers: nats.urls, name: 'parked', stream, partitions: 1, timeoutMs: 10_000 };
      const transport = await connectJetStream(options);
      expect(transport.atomicOutgoing).toBe(servers === 3);
      system = createActorSystem({
        transport,
        clock: systemClock,
        random: Math.random,
        host: 'n1',
        membership: { joinMs: 1 },
        limits: { failure: { firstMs: 1, maxMs: 4 } },
      });
      system.register('a', { machine: actor, version: 1, events, onError: { maxFailures: 2 } });
      await system.start();
      return system;
    }

    test('one with 600 waiting messages holds up no neighbour of its partition; release takes them in order', async () => {
      poisonous = true;
      const running = await start('release');
      await running.tell('a/x', { type: 'poison' });
      await expect.poll(async () => (await running.inspect('a/x'))?.status).toBe('parked');
      // One connection sends in the order of the calls.
      await Promise.all(Array.from({ length: 600 }, (_, n) => running.tell('a/x', { type: 'add', n })));
      expect(await running.ask('a/neighbour', { type: 'get' })).toMatchObject({ seen: [] });
      poisonous = false;
      await running.release('a/x');
      await expect
        .poll(async () => (await running.inspect('a/x'))?.snapshot.context.seen, { timeout: 30_000 })
        .toEqual(Array.from({ length: 600 }, (_, i) => i));
    });

    test('whoever asks a parked actor hears that it is parked, however many ask', async () => {
      poisonous = true;
      const running = await start('asked');
      await running.tell('a/x', { type: 'poison' });
      await expect.poll(async () => (await running.inspect('a/x'))?.status).toBe('parked');
      const asked = await Promise.allSettled(Array.from({ length: 60 }, () => running.ask('a/x', { type: 'get' })));
      const codes = asked.map((each) => each.status === 'rejected' && each.reason.code);
      expect(codes).toEqual(Array.from({ length: 60 }, () => 'NOT_ANSWERED'));
      poisonous = false;
      await running.release('a/x');
      expect(await running.ask('a/x', { type: 'get' })).toMatchObject({ seen: [] });
    });

    test('700 senders to one actor: all arrives, each once', async () => {
      const running = await start('hub');
      const senders = Array.from({ length: 700 }, (_, i) => i);
      await Promise.all(senders.map((n) => running.tell(`a/sender-${n}`, { type: 'report', n })));
      const seen = async () => (await running.inspect('a/hub'))?.snapshot.context.seen;
      await expect.poll(async () => ((await seen()) as number[] | undefined)?.length, { timeout: 30_000 }).toBe(700);
      expect((await seen()) as number[]).toEqual(expect.arrayContaining(senders));
    });

    test('its supervisor hears of it, and can stop it over everything that waits', async () => {
      poisonous = true;
      const running = await start('supervised');
      await running.tell('a/boss', { type: 'hire' });
      await expect.poll(() => running.inspect('a/boss-child')).toBeDefined();
      await running.tell('a/boss-child', { type: 'poison' });
      await expect
        .poll(async () => (await running.inspect('a/boss'))?.snapshot.context.heard)
        .toEqual(['a/boss-child']);
      await expect(running.ask('a/boss-child', { type: 'get' })).rejects.toThrow(
        'parked: a/boss-child is parked: poison',
      );
      await running.tell('a/boss', { type: 'flood', n: 0 });
      await running.tell('a/boss', { type: 'flood', n: 1 });
      await running.tell('a/boss', { type: 'fire' });
      await expect
        .poll(async () => (await running.inspect('a/boss-child'))?.status, { timeout: 20_000 })
        .toBe('stopped');
      expect(await running.ask('a/neighbour', { type: 'get' })).toMatchObject({ seen: [] });
    });
  });
}
