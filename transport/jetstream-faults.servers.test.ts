import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Address, partitionOf, StaleCommit, type Transport, TransportUnavailable } from '#actors';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { WriteRefused } from './errors.ts';
import { connectJetStream } from './jetstream-connect.ts';
import { type NatsCluster, startNatsCluster } from './nats-cluster.ts';
import { publishBatch } from './raw-publish.ts';

let folder: string;
let cluster: NatsCluster;
const open: Transport[] = [];

async function host(url: string | undefined, timeoutMs = 2_000): Promise<Transport> {
  const servers = [...(url === undefined ? [] : [url]), ...cluster.urls];
  const connection = { noRandomize: true };
  const made = await connectJetStream({
    servers,
    name: 'fault-test',
    stream: 'faults',
    partitions: 8,
    timeoutMs,
    connection,
  });
  open.push(made);
  return made;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-'));
  cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(() => {}) });
});
afterAll(async () => {
  await Promise.all(open.map((transport) => transport.close()));
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function leaderIndex(): Promise<number> {
  const connection = await connect({ servers: [...cluster.urls] });
  const manager = await jetstreamManager(connection);
  const leader = (await manager.streams.info('faults')).cluster?.leader ?? '';
  await connection.close();
  return Number(leader.split('-').at(-1)) - 1;
}

test('nine writers race for 1,000 steps of one actor: never two winners', async () => {
  const writers = await Promise.all(Array.from({ length: 9 }, (_, i) => host(cluster.urls[i % 3])));
  const address = 'race/one' as Address;
  let sequence = 0;
  for (let round = 0; round < 1_000; round += 1) {
    const results = await Promise.allSettled(
      writers.map((writer, i) =>
        writer.commit({ address, expectedSequence: sequence, commitId: `${round}-${i}`, body: '1', outgoing: [] }),
      ),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won).toHaveLength(1);
    sequence = won[0] ?? 0;
  }
});

test('a batch with a wrong expectation behind its first message is refused as a whole', async () => {
  const connection = await connect({ servers: [...cluster.urls] });
  const data = new Uint8Array(1);
  const writes = [
    { subject: 'faults.probe.batch-a', data, expected: 0 },
    { subject: 'faults.probe.batch-b', data, expected: 77 },
    { subject: 'faults.probe.batch-c', data },
  ];
  const refusal = await publishBatch(connection, writes, 2_000).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(WriteRefused);
  expect(refusal).toMatchObject({ lostCompareAndSet: true });
  const manager = await jetstreamManager(connection);
  const info = await manager.streams.info('faults', { subjects_filter: 'faults.probe.batch-*' });
  expect(info.state.subjects ?? {}).toEqual({});
  await connection.close();
});

test('a step of more messages than the servers take at once is refused for good, not tried for ever', async () => {
  const transport = await host(cluster.urls[0]);
  const address = 'flood/x' as Address;
  const to = 'flood/sink' as Address;
  const outgoing = Array.from({ length: 1_000 }, (_, i) => ({ id: `f${i}`, to, from: address, event: { type: 'x' } }));
  const step = { address, expectedSequence: 0, commitId: 'flood', body: '1' };
  await expect(transport.commit({ ...step, outgoing })).rejects.toMatchObject({ code: 'TOO_MANY_MESSAGES' });
  expect(await transport.latest(address)).toBeUndefined();
  expect(await transport.commit({ ...step, outgoing: outgoing.slice(1) })).toBeGreaterThan(0);
});

/** Commits steps of one actor until told to stop, as a runtime would: unknown outcomes are retried with the same id. */
async function commitLoop(transport: Transport, address: Address, until: () => boolean): Promise<string[]> {
  const done: string[] = [];
  let sequence = 0;
  while (!until()) {
    const commitId = `${address}-${done.length}`;
    for (;;) {
      try {
        const step = { address, expectedSequence: sequence, commitId, body: '1', outgoing: [] };
        sequence = await transport.commit(step);
        done.push(commitId);
        break;
      } catch (error) {
        if (!(error instanceof TransportUnavailable)) throw error;
      }
    }
  }
  return done;
}

test.each(['a follower', 'the stream leader'])(
  'kill -9 of %s: every actor goes on, nothing acknowledged is lost',
  async (who) => {
    const transport = await host(undefined, 500);
    const leader = await leaderIndex();
    const server = cluster.servers[who === 'the stream leader' ? leader : (leader + 1) % 3];
    let over = false;
    const addresses = Array.from({ length: 16 }, (_, i) => `${who.replaceAll(' ', '-')}/${i}` as Address);
    const loops = addresses.map((address) => commitLoop(transport, address, () => over));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server?.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    over = true;
    const steps = await Promise.all(loops);
    for (const [i, address] of addresses.entries()) {
      const history = await transport.history(address, 64);
      expect(history.map((entry) => entry.commitId)).toEqual(steps[i]?.slice(-64));
    }
    await server?.start();
  },
);

test('two of three servers killed: a clear retryable error; it goes on by itself when one is back', async () => {
  const transport = await host(undefined, 500);
  const address = 'majority/x' as Address;
  await transport.commit({ address, expectedSequence: 0, commitId: 'before', body: '1', outgoing: [] });
  const [first, second] = cluster.servers;
  await Promise.all([first?.kill('SIGKILL'), second?.kill('SIGKILL')]);
  const during = transport.commit({
    address: 'majority/y' as Address,
    expectedSequence: 0,
    commitId: 'y',
    body: '1',
    outgoing: [],
  });
  await expect(during).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', retryable: true });
  await first?.start();
  await expect
    .poll(
      () =>
        transport
          .commit({ address: 'majority/y' as Address, expectedSequence: 0, commitId: 'y', body: '1', outgoing: [] })
          .catch((error: unknown) => error),
      { timeout: 20_000 },
    )
    .toBeTypeOf('number');
  expect((await transport.latest(address))?.commitId).toBe('before');
  await second?.start();
});

test('a mailbox is read on without loss or disorder while each server is killed in turn', async () => {
  const [sender, receiver] = await Promise.all([host(undefined, 500), host(undefined, 500)]);
  const to = 'mailbox/x' as Address;
  const seen: string[] = [];
  const consumer = await receiver.consume(partitionOf(to, 8), ({ message, ack }) => {
    if (message.to === to && !seen.includes(message.id)) seen.push(message.id);
    ack();
  });
  const sent: string[] = [];
  let over = false;
  const sending = (async () => {
    while (!over) {
      const id = `m-${sent.length}`;
      for (let landed = false; !landed; ) {
        landed = await sender.deliver({ id, to, from: 'external:test', event: { type: 'x' } }).then(
          () => true,
          () => false,
        );
      }
      sent.push(id);
    }
  })();
  for (const server of cluster.servers) {
    await server.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await server.start();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  over = true;
  await sending;
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(sent.length);
  expect(seen).toEqual(sent);
  await consumer.stop();
});

test('a host paused between reading and committing is refused when it wakes up', async () => {
  const [sleeper, other] = await Promise.all([host(undefined), host(undefined)]);
  const address = 'paused/x' as Address;
  const sequence = await sleeper.commit({ address, expectedSequence: 0, commitId: '1', body: '1', outgoing: [] });
  await other.commit({ address, expectedSequence: sequence, commitId: 'other', body: '2', outgoing: [] });
  const late = sleeper.commit({ address, expectedSequence: sequence, commitId: 'late', body: '3', outgoing: [] });
  await expect(late).rejects.toBeInstanceOf(StaleCommit);
});
