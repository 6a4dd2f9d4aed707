import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import { serversForTests } from './servers-for-tests.ts';
import { StreamFeed } from './stream-feed.ts';

const nats = serversForTests(3);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(url: string | undefined): Promise<NatsConnection> {
  const connection = await connect({ servers: url ?? [], ignoreClusterUpdates: true });
  closing.push(() => connection.close());
  return connection;
}

test('feeds that last go to the server they are connected to, also to another connection, and skip and repeat nothing', async () => {
  const [first, second] = [await open(nats.urls[0]), await open(nats.urls[1])];
  const manager = await jetstreamManager(first);
  await manager.streams.add({ name: 'fed', subjects: ['fed.>'], num_replicas: 3 });
  let current = first;
  const got: number[][] = [];
  for (let i = 0; i < 6; i += 1) {
    const sequences: number[] = [];
    got.push(sequences);
    const feed: StreamFeed = await StreamFeed.open(() => current, manager, {
      stream: 'fed',
      filters: ['fed.>'],
      from: 1,
      window: 64,
      lasts: true,
      onMessage: (message) => {
        sequences.push(message.sequence);
        setImmediate(() => feed.release());
      },
    });
    closing.push(() => feed.stop());
  }
  let sent = 0;
  let over = false;
  const sending = (async () => {
    for (; !over; sent += 1) await first.request('fed.x', 'x');
  })();
  const places = async (): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for await (const info of manager.consumers.list('fed')) found.push(info.cluster?.leader);
    return found;
  };
  for (const connection of [first, second]) {
    current = connection;
    const there = Array.from({ length: 6 }, () => connection.info?.server_name);
    await expect.poll(places, { timeout: 30_000 }).toEqual(there);
  }
  over = true;
  await sending;
  const all = Array.from({ length: sent }, (_, i) => i + 1);
  for (const sequences of got) await expect.poll(() => sequences, { timeout: 10_000 }).toEqual(all);
});
