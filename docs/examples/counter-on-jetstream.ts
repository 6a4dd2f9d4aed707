import { createActorSystem, reply, systemClock } from 'understudy/actors';
import { connectJetStream } from 'understudy/transport';
import { assign, setup } from 'xstate';
import { z } from 'zod';

const events = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add'), by: z.number() }),
  z.object({ type: z.literal('get') }),
]);

const counter = setup({
  types: { context: {} as { sum: number }, events: {} as z.infer<typeof events> },
}).createMachine({
  context: { sum: 0 },
  on: {
    add: { actions: assign({ sum: ({ context, event }) => context.sum + event.by }) },
    get: { actions: reply(({ context }) => context.sum) },
  },
});

/** One host; in earnest each is a process of its own, on its own machine. */
async function startHost(host: string, servers: string[]) {
  const transport = await connectJetStream({ servers, name: host, stream: 'counters' });
  const system = createActorSystem({
    transport,
    clock: systemClock,
    random: Math.random,
    host,
    onAlert: (alert) => console.error(host, alert.code, alert.text),
  });
  system.register('counter', { machine: counter, version: 1, events });
  await system.start();
  return { system, transport };
}

const servers = (process.argv[2] ?? 'nats://127.0.0.1:4222').split(',');
const first = await startHost('n1', servers);
for (const by of [1, 1, 1]) await first.system.tell('counter/a', { type: 'add', by });
console.log('after three events:', await first.system.ask('counter/a', { type: 'get' }));

const second = await startHost('n2', servers);
await first.system.stop(); // hands its actors over
await first.transport.close();
console.log('on another host:', await second.system.ask('counter/a', { type: 'get' }));
const steps = await second.system.history('counter/a');
console.log('steps kept:', steps.filter((step) => step.host === 'n1').length);
await second.system.stop();
await second.transport.close();
