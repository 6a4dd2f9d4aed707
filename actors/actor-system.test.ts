import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { createActorSystem, MemoryServer, MemoryTransport, promiseActor, reply, systemClock, tell } from './mod.ts';

const events = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add'), by: z.number() }),
  z.object({ type: z.literal('get') }),
  z.object({ type: z.literal('work') }),
  z.object({ type: z.literal('pass'), to: z.string() }),
]);

const counter = setup({
  types: {
    context: {} as { sum: number; seen: string },
    input: {} as { address: string },
    events: {} as z.infer<typeof events>,
  },
  actors: { double: promiseActor<number, number>() },
}).createMachine({
  context: { sum: 0, seen: '' },
  initial: 'idle',
  on: {
    add: { actions: assign({ sum: ({ context, event }) => context.sum + event.by }) },
    get: { actions: reply(({ context }) => context.sum) },
    pass: { actions: tell(({ context, event }) => ({ to: event.to, event: { type: 'add', by: context.sum } })) },
  },
  states: {
    idle: { on: { work: 'working' } },
    working: {
      invoke: {
        src: 'double',
        input: ({ context }) => context.sum,
        onDone: { target: 'resting', actions: assign({ sum: ({ event }) => event.output }) },
      },
    },
    resting: { after: { 20: 'idle' } },
  },
});

for (const atomicOutgoing of [true, false]) {
  test(`tell, ask, invoke, after, tell another (atomic outgoing: ${atomicOutgoing})`, async () => {
    const server = new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing });
    const system = createActorSystem({
      transport: new MemoryTransport(server),
      clock: systemClock,
      random: () => 0.5,
      host: 'n1',
      membership: { joinMs: 1 },
    });
    system.register('counter', {
      machine: counter,
      version: 1,
      events,
      effects: { double: async (input: number) => input * 2 },
    });
    await system.start();
    await system.tell('counter/a', { type: 'add', by: 2 });
    expect(await system.ask('counter/a', { type: 'get' })).toBe(2);
    await system.tell('counter/a', { type: 'work' });
    await expect
      .poll(async () => (await system.inspect('counter/a'))?.snapshot)
      .toMatchObject({ value: 'idle', context: { sum: 4 } });
    await system.tell('counter/a', { type: 'pass', to: 'counter/b' });
    await expect.poll(() => system.ask('counter/b', { type: 'get' })).toBe(4);
    await expect(system.tell('counter/a', { type: 'add', by: 'x' })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' });
    const causes = (await system.history('counter/a')).map((step) => step.cause.event.type);
    expect(causes).toContain('xstate.done.actor.0.(machine).working');
    await system.stop();
  });
}
