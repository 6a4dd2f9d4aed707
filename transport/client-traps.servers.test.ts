import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Address, StaleCommit } from '#actors';
import { WriteRefused } from './errors.ts';
import { connectJetStream } from './jetstream-connect.ts';
import { publishBatch, publishOne } from './raw-publish.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(3);
let connection: NatsConnection;
beforeAll(async () => {
  connection = await connect({ servers: [...nats.urls] });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'traps', subjects: ['traps.>'], num_replicas: 3, allow_atomic: true });
});
afterAll(async () => {
  await connection?.close();
});

/** The last text under a subject, and how many were ever stored there. */
async function stored(subject: string): Promise<{ last: string; count: number }> {
  const manager = await jetstreamManager(connection);
  const info = await manager.streams.info('traps', { subjects_filter: subject });
  const last = await manager.streams.getMessage('traps', { last_by_subj: subject });
  return { last: last?.string() ?? '', count: info.state.subjects?.[subject] ?? 0 };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the client library's batch loses an update that ours refuses", async () => {
  const read = await publishOne(connection, { subject: 'traps.journal', data: bytes('0') }, 2_000);
  // Another host commits: what was read is stale.
  await publishOne(connection, { subject: 'traps.journal', data: bytes('other'), expected: read }, 2_000);
  const ours = [
    { subject: 'traps.message', data: bytes('m') },
    { subject: 'traps.journal', data: bytes('stale'), expected: read },
  ];
  await expect(publishBatch(connection, ours, 2_000)).rejects.toBeInstanceOf(WriteRefused);
  expect(await stored('traps.journal')).toEqual({ last: 'other', count: 2 });
  expect((await stored('traps.message')).count).toBe(0);

  // The same with the client's own batch: its types know no expectation here, and one given all the same is dropped. The day
  // this fails the client has learned it, and our raw headers can go.
  const batch = await jetstream(connection).startBatch('traps.message', 'm');
  const expectation = { expect: { lastSubjectSequence: read } };
  await batch.commit('traps.journal', 'lost update', expectation as never);
  expect(await stored('traps.journal')).toEqual({ last: 'lost update', count: 3 });
});

test("the same message id with a stale expectation: whatever the server answers, only the leader's last entry decides", async () => {
  const subject = 'traps.same-id';
  const write = async (id: string, expected: number, text: string) => {
    const made = headers();
    made.set('Nats-Msg-Id', id);
    made.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    return (await connection.request(subject, text, { headers: made, timeout: 2_000 })).json<{
      seq?: number;
      duplicate?: boolean;
      error?: { err_code: number };
    }>();
  };
  const first = (await write('a', 0, '1')).seq ?? 0;
  const again = await write('a', 0, '1');
  // Two answers are known for one and the same retry; nothing may hang on which one comes.
  const answer = again.error?.err_code ?? (again.duplicate === true ? 'duplicate' : 'stored twice');
  expect([10071, 10164, 'duplicate']).toContain(answer);
  expect(await stored(subject)).toEqual({ last: '1', count: 1 });
  // And the trap: another step lies in between, and the retry is still called a duplicate or refused, never "landed".
  await write('b', first, '2');
  const late = await write('a', 0, '1');
  expect([10071, 10164, 'duplicate']).toContain(
    late.error?.err_code ?? (late.duplicate === true ? 'duplicate' : late.seq),
  );
  expect(await stored(subject)).toEqual({ last: '2', count: 2 });
});

test('a commit refused while another write of its actor is under way is called unknown, or stale once that landed', async () => {
  const options = { servers: nats.urls, name: 'trap', stream: 'under-way', partitions: 1 };
  const hosts = await Promise.all([connectJetStream(options), connectJetStream(options), connectJetStream(options)]);
  const codes = new Set<number | string>();
  const address = 'vm/a' as Address;
  let sequence = 0;
  for (let round = 0; round < 100; round += 1) {
    const step = { address, expectedSequence: sequence, body: '1', outgoing: [] };
    const results = await Promise.allSettled(
      hosts.map((host, i) => host.commit({ ...step, commitId: `${round}-${i}` })),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    for (const result of results) {
      if (result.status === 'rejected') codes.add(result.reason.code);
      if (result.status === 'rejected' && result.reason instanceof StaleCommit) expect(won).toHaveLength(1);
    }
    sequence = (await hosts[0]?.latest(address))?.sequence ?? 0;
  }
  expect([...codes].sort()).toEqual(expect.arrayContaining(['STALE_COMMIT']));
  expect([...codes].filter((code) => code !== 'STALE_COMMIT' && code !== 'TRANSPORT_UNAVAILABLE')).toEqual([]);
  await Promise.all(hosts.map((host) => host.close()));
});
