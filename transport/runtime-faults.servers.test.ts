import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { type Alert, createActorSystem, reply, systemClock, tell } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(3);
const events = z.object({ type: z.enum(['add', 'get']) });
const machine = setup({
  types: { context: {} as { count: number }, events: {} as z.infer<typeof events> },
}).createMachine({
  context: { count: 0 },
  on: {
    add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    get: { actions: reply(({ context }) => context.count) },
  },
});

async function host(name: string, stream: string) {
  const transport = await connectJetStream({ servers: nats.urls, name, stream, partitions: 4, timeoutMs: 500 });
  const alerts: Alert[] = [];
  const system = createActorSystem({
    ...{ transport, clock: systemClock, random: Math.random, host: name },
    onAlert: (alert) => alerts.push(alert),
  });
  system.register('a', { machine, version: 1, events });
  await system.start();
  return { system, transport, alerts };
}

test('two of three servers killed: actors stop with an alert, senders get a clear error; all resumes by itself, nothing lost', async () => {
  const { system, transport, alerts } = await host('n1', 'majority');
  const ids = Array.from({ length: 20 }, (_, i) => `a/${i}`);
  const sure = new Map(ids.map((id) => [id, 0]));
  const unknown = new Map(ids.map((id) => [id, 0]));
  const errors: unknown[] = [];
  let over = false;
  const senders = ids.map(async (id) => {
    while (!over) {
      try {
        await system.tell(id, { type: 'add' });
        sure.set(id, (sure.get(id) ?? 0) + 1);
      } catch (error) {
        errors.push(error);
        unknown.set(id, (unknown.get(id) ?? 0) + 1);
      }
      await wait(20);
    }
  });
  await wait(1_000);
  const [first, second] = nats.cluster.servers;
  await Promise.all([first?.kill('SIGKILL'), second?.kill('SIGKILL')]);
  await wait(4_000);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) expect(error).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', retryable: true });
  await Promise.all([first?.start(), second?.start()]);
  // Nobody does anything here: it goes on by itself.
  await expect
    .poll(() => system.ask('a/0', { type: 'get' }).catch(() => undefined), { timeout: 30_000 })
    .toBeTypeOf('number');
  over = true;
  await Promise.all(senders);
  for (const id of ids) {
    const count = Number(await system.ask(id, { type: 'get' }, { timeoutMs: 20_000 }));
    expect(count).toBeGreaterThanOrEqual(sure.get(id) ?? 0);
    expect(count).toBeLessThanOrEqual((sure.get(id) ?? 0) + (unknown.get(id) ?? 0));
  }
  expect(alerts.every((alert) => alert.code === 'TRANSPORT_UNAVAILABLE')).toBe(true);
  expect(alerts.every((alert) => alert.text.length > 20)).toBe(true);
  await system.stop();
  await transport.close();
}, 120_000);

test('a message that got lost between the stream and its actor is read again from the stream', async () => {
  const pair = setup({ types: { context: {} as { seen: number[] } } }).createMachine({
    context: { seen: [] },
    on: {
      add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.at] }) },
      pass: { actions: tell(({ event }) => ({ to: 'p/to', event: { type: 'add', at: event.at } })) },
    },
  });
  const transport = await connectJetStream({ servers: nats.urls, name: 'n1', stream: 'lost', partitions: 4 });
  const consume = transport.consume.bind(transport);
  let losses = 1;
  transport.consume = (partition, receive) =>
    consume(partition, (delivery) => {
      if (delivery.message.event.at !== 2 || delivery.message.to !== 'p/to' || losses-- <= 0) receive(delivery);
    });
  const alerts: Alert[] = [];
  const system = createActorSystem({
    ...{ transport, clock: systemClock, random: Math.random, host: 'n1', limits: { gapMs: 1_000 } },
    onAlert: (alert) => alerts.push(alert),
  });
  system.register('p', { machine: pair, version: 1, events: z.looseObject({ type: z.string() }) });
  await system.start();
  for (const at of [1, 2, 3, 4]) await system.tell('p/from', { type: 'pass', at });
  const seen = async (): Promise<unknown> => (await system.inspect('p/to'))?.snapshot.context.seen;
  await expect.poll(seen, { timeout: 15_000 }).toEqual([1, 2, 3, 4]);
  expect(alerts.map(({ code }) => code)).toEqual(['SEQUENCE_GAP']);
  await system.tell('p/from', { type: 'pass', at: 5 });
  await expect.poll(seen, { timeout: 5_000 }).toEqual([1, 2, 3, 4, 5]);
  await system.stop();
  await transport.close();
}, 60_000);

test('a host stops in bounded time although no server answers', async () => {
  const { system, transport } = await host('n1', 'gone');
  for (let i = 0; i < 50; i += 1) await system.tell(`a/${i}`, { type: 'add' });
  await Promise.all(nats.cluster.servers.map((server) => server.kill('SIGKILL')));
  const stopped = await Promise.race([
    (async () => {
      await system.stop();
      await transport.close();
      return 'stopped';
    })(),
    wait(20_000, 'still stopping'),
  ]);
  expect(stopped).toBe('stopped');
  await Promise.all(nats.cluster.servers.map((server) => server.start()));
}, 60_000);
