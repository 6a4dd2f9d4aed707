import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, expect, test, vi } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { type Alert, address, createActorSystem, type Delivery, systemClock } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);
afterEach(() => vi.restoreAllMocks());

const events = z.object({ type: z.enum(['add', 'poison']), at: z.number().optional() });
const counter = setup({
  types: { context: {} as { seen: number[] }, events: {} as z.infer<typeof events> },
}).createMachine({
  context: { seen: [] },
  on: {
    add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.at ?? -1] }) },
    poison: {
      guard: () => {
        throw new Error('poison');
      },
    },
  },
});

async function startHost(host: string, stream: string, alerts: Alert[] = []) {
  const transport = await connectJetStream({ servers: nats.urls, name: host, stream, partitions: 1 });
  const limits = { failure: { firstMs: 1, maxMs: 5 } };
  const system = createActorSystem({
    transport,
    clock: systemClock,
    random: Math.random,
    host,
    limits,
    onAlert: (alert) => alerts.push(alert),
  });
  system.register('c', { machine: counter, version: 1, events, onError: { maxFailures: 1 } });
  await system.start();
  const die = async (): Promise<void> => {
    system.kill();
    await transport.close();
  };
  const seen = async (): Promise<number[]> => ((await system.inspect('c/1'))?.snapshot.context.seen ?? []) as number[];
  return { system, seen, die };
}

/** From the first removal on, the one of that very message gets no answer, whoever asks, until `restore`. */
async function loseTheFirstRemoval(): Promise<{ restore: () => void }> {
  const connection = await connect({ servers: [...nats.urls] });
  const { streams } = await jetstreamManager(connection);
  await connection.close();
  const prototype = Object.getPrototypeOf(streams) as typeof streams; // where the client library has the method
  const remove = prototype.deleteMessage;
  let lost: number | undefined;
  const spy = vi.spyOn(prototype, 'deleteMessage').mockImplementation(function (
    this: typeof streams,
    stream,
    sequence,
  ) {
    lost ??= sequence;
    if (sequence === lost) return Promise.reject(new Error('timeout'));
    return remove.call(this, stream, sequence, false);
  });
  return { restore: () => spy.mockRestore() };
}

test('a message whose removal is late is taken once, over crashes and however many others wait to be taken', async () => {
  const { restore } = await loseTheFirstRemoval();
  const told: number[] = [];
  let host = await startHost('n1', 'late');
  // A parked neighbour: from now on the partition is cleaned message by message.
  await host.system.tell('c/parked', { type: 'poison' });
  await expect.poll(async () => (await host.system.inspect('c/parked'))?.status).toBe('parked');
  for (const name of ['n2', 'n3', 'n4']) {
    for (let i = 0; i < 60; i += 1) {
      await host.system.tell('c/1', { type: 'add', at: told.length });
      told.push(told.length);
    }
    await expect.poll(async () => (await host.seen()).length).toBeGreaterThan(20);
    await host.die();
    host = await startHost(name, 'late');
  }
  restore();
  await expect.poll(host.seen, { timeout: 30_000 }).toEqual(told);
  await host.die();
});

test('a removal that never succeeds is told of; its actor goes on', async () => {
  const { restore } = await loseTheFirstRemoval();
  const alerts: Alert[] = [];
  const host = await startHost('n1', 'never', alerts);
  const told = Array.from({ length: 60 }, (_, at) => at);
  // A parked neighbour: the partition is cleaned message by message.
  await host.system.tell('c/stuck', { type: 'poison' });
  await expect.poll(async () => (await host.system.inspect('c/stuck'))?.status).toBe('parked');
  for (const at of told) await host.system.tell('c/2', { type: 'add', at });
  const seen = async (): Promise<unknown> => (await host.system.inspect('c/2'))?.snapshot.context.seen;
  await expect.poll(seen, { timeout: 10_000 }).toEqual(told);
  await expect
    .poll(() => alerts.find(({ code }) => code === 'REMOVAL_FAILS'), { timeout: 20_000 })
    .toMatchObject({
      text: expect.stringMatching(/cannot be removed from stream never \(timeout\): mailboxes will fill up/),
    });
  restore();
  await host.die();
});

test('it is told of with an actor that can tell no more taken messages apart, and so is handed none', async () => {
  const { restore } = await loseTheFirstRemoval();
  const alerts: Alert[] = [];
  const transport = await connectJetStream({ servers: nats.urls, name: 'n1', stream: 'held', partitions: 1 });
  transport.onAlert?.((alert) => alerts.push(alert));
  const to = address('c/1');
  const waiting: Delivery[] = [];
  const seen: string[] = [];
  const consumer = await transport.consume(0, (delivery) => {
    if (delivery.message.id === 'first') waiting.push(delivery);
    else {
      seen.push(delivery.message.id);
      delivery.ack(delivery.doneBelow());
    }
  });
  const event = { type: 'add' };
  await transport.deliver({ id: 'first', to, from: 'external:x', event });
  const ids = Array.from({ length: 60 }, (_, at) => `${at}`);
  for (const id of ids) await transport.deliver({ id, to, from: 'external:x', event });
  await expect
    .poll(() => alerts.find(({ code }) => code === 'REMOVAL_FAILS'), { timeout: 20_000 })
    .toMatchObject({ address: to, text: expect.stringContaining('timeout') });
  expect(seen.length).toBeLessThan(32);
  restore();
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(ids);
  expect(waiting).toHaveLength(1);
  await consumer.stop();
  await transport.close();
});
