import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Address, StepCommit } from '#actors';
import { GroupCommit } from './group-commit.ts';
import { connectJetStream } from './jetstream-connect.ts';
import type { StreamWrite } from './raw-publish.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(3);
let connection: NatsConnection;
beforeAll(async () => {
  // Waits until the cluster is whole.
  await (await connectJetStream({ servers: nats.urls, name: 'ready', stream: 'ready' })).close();
  connection = await connect({ servers: [...nats.urls] });
  const manager = await jetstreamManager(connection);
  const subjects = ['group.>'];
  await manager.streams.add({
    name: 'group',
    subjects,
    num_replicas: 3,
    allow_atomic: true,
    allow_msg_schedules: true,
  });
});
afterAll(async () => {
  await connection?.close();
});

const data = new Uint8Array(16);
const schedule = (atMs: number, target: string): StreamWrite => ({
  subject: `group.schedule-${target}`,
  data,
  schedule: { atMs, target },
});
const inAnHour = Date.now() + 3_600_000;

const poisons: readonly (readonly [string, StreamWrite])[] = [
  ['whose time is no date', schedule(Number.MAX_SAFE_INTEGER, 'group.a')],
  ['that holds a line break where another header would begin', { subject: 'group.b', data, commitId: 'one\r\ntwo' }],
  ['whose subject is longer than servers read', { subject: `group.${'c'.repeat(5_000)}`, data }],
  ['that the servers refuse', schedule(inAnHour, 'elsewhere.d')],
  ['of a year that the servers do not read', schedule(Date.UTC(12_000, 0), 'group.e')],
];

describe.each([true, false])('Writes of one moment (in one atomic batch: %s)', (atomic) => {
  const options = { atomic, timeoutMs: 4_000, inFlight: 6, batchMessages: 150 };

  test.each(poisons)('one %s fails alone and for ever, all others land', async (what, poison) => {
    const group = new GroupCommit(() => connection, options);
    const good = Array.from({ length: 40 }, (_, i) => [{ subject: `group.${atomic}-${what.length}-${i}`, data }]);
    const units = atomic
      ? [...good.slice(0, 17), [good[0]?.[0] ?? poison, poison], ...good.slice(17)]
      : [...good, [poison]];
    const results = await Promise.allSettled(units.map((writes) => group.write(writes)));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toMatchObject([{ code: 'WRITE_IMPOSSIBLE', retryable: false }]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(40);
  });
});

test('a step with a timer that no server can keep is refused for ever; a step of another actor at that moment lands', async () => {
  const transport = await connectJetStream({ servers: nats.urls, name: 'never', stream: 'never', partitions: 2 });
  const step = (id: string): StepCommit => {
    const address = `c/${id}` as Address;
    return { address, expectedSequence: 0, commitId: id, body: '{}', outgoing: [] };
  };
  const message = { id: 'wake', to: 'c/1' as Address, from: 'c/1', event: { type: 'x' } };
  const never = { ...step('1'), scheduled: [{ name: 'wake', delayMs: Number.POSITIVE_INFINITY, message }] };
  const [stuck, other] = await Promise.allSettled([transport.commit(never), transport.commit(step('2'))]);
  expect(stuck).toMatchObject({ status: 'rejected', reason: { code: 'WRITE_IMPOSSIBLE' } });
  expect(other).toMatchObject({ status: 'fulfilled' });
  expect(await transport.latest('c/1' as Address)).toBeUndefined();
  await transport.close();
});

test('a step whose messages are too many bytes for the servers fails before any of them is sent', async () => {
  const transport = await connectJetStream({ servers: nats.urls, name: 'flood', stream: 'flood', partitions: 2 });
  const [from, to] = ['c/1' as Address, 'c/2' as Address];
  const outgoing = Array.from({ length: 50 }, (_, i) => ({
    ...{ id: `${i}`, from, to, sequence: i + 1 },
    event: { type: 'x', text: 'x'.repeat(500_000) },
  }));
  const step = { address: from, expectedSequence: 0, commitId: 'flood', body: '{}', outgoing };
  await expect(transport.commit(step)).rejects.toMatchObject({ code: 'TOO_MANY_MESSAGES', retryable: false });
  expect(await transport.commit({ ...step, outgoing: outgoing.slice(0, 7) })).toBeGreaterThan(0);
  await transport.close();
});
