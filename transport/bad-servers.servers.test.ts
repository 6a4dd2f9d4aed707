import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, test } from 'vitest';
import { partitionOf } from '#actors';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { freePorts } from './free-ports.ts';
import { connectJetStream, type JetStreamOptions } from './jetstream-connect.ts';
import { NatsProcess } from './nats-process.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function manager() {
  const connection = await connect({ servers: [...nats.urls] });
  closing.push(() => connection.close());
  return await jetstreamManager(connection);
}

async function open(options: Partial<JetStreamOptions>) {
  const transport = await connectJetStream({
    servers: nats.urls,
    name: 'bad',
    partitions: 4,
    readyTimeoutMs: 300,
    ...options,
  });
  closing.push(() => transport.close());
  return transport;
}

/** Speaks just enough of the protocol to be connected to; `onConnect` says what comes after CONNECT. */
async function fakeServer(info: Record<string, unknown>, onConnect: string): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.write(
        `INFO ${JSON.stringify({ server_id: 'x', max_payload: 1_048_576, proto: 1, headers: true, ...info })}\r\n`,
      );
      socket.on('data', (data) => {
        if (String(data).includes('CONNECT')) socket.write(onConnect);
        if (String(data).includes('PING')) socket.write('PONG\r\n');
      });
    });
    made.listen(0, '127.0.0.1', () => resolve(made));
  });
  closing.push(async () => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return `nats://127.0.0.1:${address.port}`;
}

describe('servers that cannot be used are refused with a code and what to do', () => {
  test.each(['2.9.10', '2.10.27'])('version %s', async (version) => {
    const servers = [await fakeServer({ version }, '')];
    await expect(open({ servers })).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      retryable: false,
      message: expect.stringMatching(new RegExp(`${version.replaceAll('.', '\\.')}.*need 2\\.11\\.0 or newer`)),
    });
  });

  test('one without JetStream', async () => {
    const { url, stop } = await withoutJetStream();
    await expect(open({ servers: [url] })).rejects.toMatchObject({
      code: 'JETSTREAM_MISSING',
      message: expect.stringContaining('start nats-server with a jetstream'),
    });
    await stop();
  });

  test('wrong credentials, at once', async () => {
    const servers = [
      await fakeServer({ version: '2.15.1', auth_required: true }, "-ERR 'Authorization Violation'\r\n"),
    ];
    await expect(open({ servers, readyTimeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: expect.stringContaining('check `connection`'),
    });
  });

  test('nobody there', async () => {
    await expect(open({ servers: ['nats://127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'TRANSPORT_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('is nats-server running there'),
    });
  });
});

describe('settings that cannot work are refused at once, named, and no stream is made', () => {
  test.each([
    ['partitions', { partitions: 0 }],
    ['partitions', { partitions: Number.NaN }],
    ['partitions', { partitions: 1.5 }],
    ['history', { history: 0 }],
    ['replicas', { replicas: 2.5 }],
    ['replicas', { replicas: 3 }],
    ['mailboxLimit', { mailboxLimit: Number.NaN }],
    ['mailboxLimit', { mailboxLimit: 0 }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['readyTimeoutMs', { readyTimeoutMs: Number.POSITIVE_INFINITY }],
    ['stream', { stream: 'a b' }],
    ['stream', { stream: 'a.b' }],
    ['stream', { stream: '' }],
    ['stream', { stream: 'a*' }],
    ['servers', { servers: [] }],
  ] as const)('%s %o', async (what, odd) => {
    const { streams } = await manager();
    const names = async (): Promise<number> => (await streams.list().next()).length;
    const before = await names();
    await expect(open({ stream: 'odd', readyTimeoutMs: 600_000, ...odd })).rejects.toMatchObject({
      code: 'INVALID_SETTINGS',
      retryable: false,
      message: expect.stringMatching(new RegExp(`^${what} `)),
    });
    expect(await names()).toBe(before);
  });
});

/** What somebody else may have made of a stream, one by one. */
const foreign: readonly [string, Partial<StreamConfig>][] = [
  ['retention', { retention: 'workqueue' }],
  ['storage', { storage: 'memory' }],
  ['max_msgs_per_subject', { max_msgs_per_subject: 7 }],
  ['max_age', { max_age: 60_000_000_000 }],
  ['max_msgs', { max_msgs: 1_000 }],
  ['max_bytes', { max_bytes: 1_000_000 }],
  ['max_msg_size', { max_msg_size: 1_000 }],
  ['deny_delete', { deny_delete: true }],
  ['deny_purge', { deny_purge: true, allow_rollup_hdrs: false, allow_msg_schedules: false }],
  ['discard', { discard: 'new', discard_new_per_subject: true, allow_msg_schedules: false }],
  ['max_consumers', { max_consumers: 1 }],
  ['consumer_limits', { consumer_limits: { inactive_threshold: 1_000_000_000 } }],
  ['subjects', { subjects: ['foreign.>'] }],
  ['partitions', { metadata: {} }],
];

describe('a stream that is configured differently is refused, named, and left as it is', () => {
  test.each(foreign)('%s', async (what, difference) => {
    const streams = (await manager()).streams;
    const name = `foreign-${what.replaceAll('_', '-')}`;
    const transport = await connectJetStream({ servers: nats.urls, name: 'bad', stream: name, partitions: 4 });
    await transport.close();
    const { config } = await streams.info(name);
    await streams.delete(name);
    const made = (await streams.add({ ...config, ...difference })).config;
    await expect(open({ stream: name })).rejects.toMatchObject({
      code: 'STREAM_MISMATCH',
      retryable: false,
      message: expect.stringMatching(
        new RegExp(`^Stream ${name}: .*${what} is .*, needs .*choose another stream name`),
      ),
    });
    expect((await streams.info(name)).config).toEqual(made);
    expect((await streams.info(name)).state.messages).toBe(0);
  });

  test('without batches, where the hosts before use them', async () => {
    const { streams } = await manager();
    const first = await open({ stream: 'batches' });
    await first.close();
    const { config } = await streams.info('batches');
    await streams.update('batches', { ...config, allow_atomic: true } as Partial<StreamConfig>); // as with three replicas
    await expect(open({ stream: 'batches', atomic: false })).rejects.toMatchObject({
      code: 'STREAM_MISMATCH',
      message: expect.stringContaining('allow_atomic is true, needs false'),
    });
  });

  test('another number of partitions than the hosts before', async () => {
    await open({ stream: 'partitions', partitions: 4 });
    await expect(open({ stream: 'partitions', partitions: 8 })).rejects.toMatchObject({
      code: 'STREAM_MISMATCH',
      message: expect.stringContaining('partitions is "4", needs "8"'),
    });
  });
});

test('a snapshot or message larger than the servers take is refused with its size; nothing is stored', async () => {
  const transport = await open({ stream: 'large' });
  const big = 'x'.repeat(1_048_576);
  const to = 'vm/a' as Parameters<typeof transport.latest>[0];
  const step = { address: to, expectedSequence: 0, commitId: 'c', body: big, outgoing: [] };
  await expect(transport.commit(step)).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    message: expect.stringMatching(/vm\/a has 1048576 bytes, the servers take \d+/),
  });
  const message = { id: '1', to, from: 'external:x', event: { type: 'x', big } };
  await expect(transport.deliver(message)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  const good = { id: '2', to, from: 'vm/b', sequence: 1, event: { type: 'x' } };
  await expect(transport.commit({ ...step, body: '1', outgoing: [good, { ...message, from: 'vm/b' }] }))
    .rejects // one outgoing message too large
    .toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect(await transport.latest(to)).toBeUndefined();
  const seen: string[] = [];
  const consumer = await transport.consume(partitionOf(to, 4), (delivery) => seen.push(delivery.message.id));
  await transport.deliver({ ...good, id: 'after' });
  await expect.poll(() => seen).toEqual(['after']);
  await consumer.stop();
});

async function withoutJetStream(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-'));
  const [port = 0] = await freePorts(1);
  const server = new NatsProcess(await ensureNatsServer(() => {}), folder, port, `listen: "127.0.0.1:${port}"\n`);
  await server.start();
  const url = `nats://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        connect({ servers: url, reconnect: false }).then(
          (connection) => connection.close().then(() => true),
          () => false,
        ),
      {
        timeout: 10_000,
      },
    )
    .toBe(true);
  return {
    url,
    stop: async () => {
      await server.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
