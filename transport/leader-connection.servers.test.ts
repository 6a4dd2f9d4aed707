import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import { type Address, partitionOf } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { LeaderConnection } from './leader-connection.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(3);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(url: string): Promise<NatsConnection> {
  const connection = await connect({ servers: [url], reconnect: false, ignoreClusterUpdates: true });
  closing.push(() => connection.close());
  return connection;
}

async function leaderOf(manager: JetStreamManager, stream: string): Promise<string | undefined> {
  return (await manager.streams.info(stream)).cluster?.leader;
}

/** Returns the name of the next leader. */
async function moveLeader(manager: JetStreamManager, main: NatsConnection, stream: string): Promise<string> {
  const before = await leaderOf(manager, stream);
  await main.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`);
  const leader = (): Promise<string | undefined> => leaderOf(manager, stream).catch(() => undefined);
  await expect.poll(leader, { timeout: 20_000 }).not.toBeOneOf([before, undefined, '']);
  return (await leader()) ?? '';
}

test('it goes to whoever leads, from an address that is not the leader, and to main when that server is gone', async () => {
  const main = await open(nats.urls[0] ?? '');
  const manager = await jetstreamManager(main);
  await manager.streams.add({ name: 'led', subjects: ['led.>'], num_replicas: 3 });
  const opened: NatsConnection[] = [];
  const near = new LeaderConnection({
    main,
    leader: () => leaderOf(manager, 'led'),
    urls: nats.urls.slice(0, 1),
    connect: async (url) => {
      const connection = await open(url);
      opened.push(connection);
      return connection;
    },
    graceMs: 50,
  });
  closing.push(() => near.stop());
  const seen = new Set<string>();
  for (let round = 0; round < 40 && seen.size < 3; round += 1) {
    await near.look();
    const leader = await leaderOf(manager, 'led');
    expect(near.current.info?.server_name).toBe(leader);
    seen.add(leader ?? '');
    await moveLeader(manager, main, 'led');
  }
  expect(seen.size).toBe(3);
  while ((await leaderOf(manager, 'led')) === main.info?.server_name) await moveLeader(manager, main, 'led');
  await near.look();
  expect(near.current).not.toBe(main);
  await near.current.close();
  expect(near.current).toBe(main);
  await near.look();
  expect(near.current).not.toBe(main);
  await near.stop();
  await expect.poll(() => opened.every((connection) => connection.isClosed())).toBe(true);
  expect(main.isClosed()).toBe(false);
});

test('a leader that no address leads to is left alone: everything goes by main', async () => {
  const main = await open(nats.urls[0] ?? '');
  let tried = 0;
  const near = new LeaderConnection({
    main,
    leader: async () => 'behind-a-proxy',
    urls: nats.urls,
    connect: async (url) => {
      tried += 1;
      return await open(url);
    },
    graceMs: 50,
  });
  await near.look();
  await near.look();
  expect(near.current).toBe(main);
  expect(tried).toBe(3);
});

test('while leadership moves again and again, all messages arrive, in order, and no step is lost or done twice', async () => {
  const stream = 'moving';
  const common = { servers: nats.urls, name: 'moving', stream, partitions: 4 };
  const transport = await connectJetStream(common);
  closing.push(() => transport.close());
  const main = await open(nats.urls[1] ?? '');
  const manager = await jetstreamManager(main);
  const address = 'vm/moving' as Address;
  const got: number[] = [];
  const consumer = await transport.consume(partitionOf(address, 4), (delivery) => {
    got.push(delivery.message.sequence ?? 0);
    delivery.ack();
  });
  let over = false;
  let steps = 0;
  const sending = (async () => {
    let sequence = 0;
    while (!over) {
      const outgoing = [
        { id: `m${steps + 1}`, to: address, from: 'vm/sender', sequence: steps + 1, event: { type: 'x' } },
      ];
      const step = { address, expectedSequence: sequence, commitId: `c${steps}`, body: `${steps}`, outgoing };
      for (let done = false; !done; ) {
        await transport.commit(step).then(
          (position) => {
            sequence = position;
            done = true;
          },
          (error: { retryable?: boolean }) => {
            if (error.retryable !== true) throw error;
          },
        );
      }
      steps += 1;
    }
  })();
  for (let move = 0; move < 6; move += 1) {
    await moveLeader(manager, main, stream);
    const before = steps;
    await expect.poll(() => steps, { timeout: 20_000 }).toBeGreaterThan(before + 100);
  }
  over = true;
  await sending;
  const first = (): number[] => got.filter((sequence, i) => got.indexOf(sequence) === i);
  await expect.poll(() => first().length, { timeout: 20_000 }).toBe(steps);
  expect(first()).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  expect((await transport.latest(address))?.body).toBe(String(steps - 1));
  await consumer.stop();
});
