import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { type Alert, createActorSystem, systemClock } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);
const events = z.object({ type: z.literal('add') });
const counter = setup({ types: { context: {} as { n: number } } }).createMachine({
  context: { n: 0 },
  on: { add: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
});

async function startHost(host: string) {
  const transport = await connectJetStream({ servers: nats.urls, name: host, stream: 'remade', partitions: 2 });
  const alerts: Alert[] = [];
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const system = createActorSystem({ transport, clock: systemClock, random: Math.random, host, onAlert });
  system.register('c', { machine: counter, version: 1, events });
  await system.start();
  const count = async (id: string): Promise<unknown> => (await system.inspect(id))?.snapshot.context.n;
  return { system, transport, alerts, count };
}

test('a stream that was removed and made again under live hosts: all that is told from then on is taken, and they say so', async () => {
  const hosts = [await startHost('n1'), await startHost('n2')] as const;
  const [one, two] = hosts;
  for (let i = 0; i < 40; i += 1) await one.system.tell(`c/${i % 5}`, { type: 'add' });
  await expect.poll(() => one.count('c/4')).toBe(8);
  const watched: string[] = [];
  await one.system.watch(['c'], (step) => watched.push(step.address));

  const connection = await connect({ servers: [...nats.urls] });
  const { streams } = await jetstreamManager(connection);
  const before = (await streams.info('remade')).state.last_seq;
  await streams.delete('remade');
  const client = await connectJetStream({ servers: nats.urls, name: 'client', stream: 'remade', partitions: 2 });
  const outside = createActorSystem({ transport: client, clock: systemClock, random: Math.random, host: 'client' });
  // Below and above the numbers that the hosts know of the stream before; one actor is new, the other is in their memory.
  const told = before + 60;
  for (let i = 0; i < told; i += 1) {
    await outside.tell('c/fresh', { type: 'add' });
    if (i % 20 === 0) await outside.tell('c/4', { type: 'add' });
  }
  await expect.poll(() => one.count('c/fresh'), { timeout: 30_000 }).toBe(told);
  await expect.poll(() => two.count('c/4'), { timeout: 30_000 }).toBe(Math.ceil(told / 20));
  for (const { alerts } of hosts) {
    const told = (): string[] => alerts.flatMap(({ code, text }) => (code === 'STORE_REPLACED' ? [text] : []));
    await expect.poll(told).toEqual([expect.stringContaining('stream remade was removed and made again')]);
  }
  // Taken messages leave the new stream as well.
  const mailboxes = { subjects_filter: 'remade.q.>' };
  await expect.poll(async () => (await streams.info('remade', mailboxes)).state.subjects ?? {}).toEqual({});
  await expect.poll(() => watched).toContain('c/fresh');
  for (const { system, transport } of hosts) {
    await system.stop();
    await transport.close();
  }
  await client.close();
  await connection.close();
});
