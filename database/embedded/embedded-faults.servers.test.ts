import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DatabaseUnavailable, RevisionConflict } from '#ports';
import { ensureNatsServer } from '../../setup/nats-server.ts';
import { type NatsCluster, startNatsCluster } from '../../transport/mod.ts';
import { EmbeddedDatabase } from './embedded-database.ts';
import { DATABASE_STREAM } from './subjects.ts';

let folder: string;
let cluster: NatsCluster;
let writer: EmbeddedDatabase;
let reader: EmbeddedDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-embedded-'));
  cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(console.log) });
  writer = await EmbeddedDatabase.connect(cluster.urls, 2_000);
  reader = await EmbeddedDatabase.connect([...cluster.urls].reverse(), 2_000);
});
afterAll(async () => {
  await Promise.all([writer.close(), reader.close()]);
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Servers that have the whole stream at this moment. */
async function replicasInStep(): Promise<number> {
  const connection = await connect({ servers: [...cluster.urls], timeout: 2_000 });
  try {
    const manager = await jetstreamManager(connection, { timeout: 2_000 });
    const { cluster: peers } = await manager.streams.info(DATABASE_STREAM);
    if (peers?.leader === undefined) return 0;
    return 1 + (peers.replicas ?? []).filter(({ current, offline }) => current && offline !== true).length;
  } catch {
    return 0; // no leader yet: asked again
  } finally {
    await connection.close();
  }
}

/** Counts up by compare-and-set until `until`; an unknown outcome is read before going on, as the port demands. */
async function count(database: EmbeddedDatabase, until: number, acknowledged: { n: number }): Promise<number> {
  let unavailable = 0;
  while (acknowledged.n < until) {
    try {
      const now = await database.get('jobs', 'counter');
      if (now === undefined) throw new Error('the counter is gone');
      expect(Number(now.body.n)).toBeGreaterThanOrEqual(acknowledged.n);
      const next = await database.replace('jobs', 'counter', now.revision, { n: Number(now.body.n) + 1 });
      acknowledged.n = Number(next.body.n);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable || error instanceof RevisionConflict)) throw error;
      unavailable++;
    }
  }
  return unavailable;
}

test('each server killed in turn under load: no acknowledged write is lost, no read is older than one', async () => {
  await writer.create('jobs', 'counter', { n: 0 });
  const acknowledged = { n: 0 };
  for (const server of cluster.servers) {
    const goal = acknowledged.n + 100;
    const done = { yet: false };
    const counting = count(writer, goal, acknowledged).finally(() => {
      done.yet = true;
    });
    const reading = (async () => {
      while (!done.yet) {
        const floor = acknowledged.n;
        const read = await reader.get('jobs', 'counter').catch((error: unknown) => {
          if (error instanceof DatabaseUnavailable) return undefined; // told so: not an old value
          throw error;
        });
        if (read !== undefined) expect(Number(read.body.n)).toBeGreaterThanOrEqual(floor);
      }
    })();
    await expect.poll(() => acknowledged.n, { timeout: 30_000 }).toBeGreaterThan(goal - 70);
    await server.kill('SIGKILL');
    await Promise.all([counting, reading]);
    await server.start();
    // It must have caught up before the next one dies: two of three missing would only prove unavailability.
    await expect.poll(() => replicasInStep(), { timeout: 30_000 }).toBe(3);
  }
  expect(Number((await reader.get('jobs', 'counter'))?.body.n)).toBe(acknowledged.n);
});

test('without a majority every call is unavailable within its time, and goes on by itself afterwards', async () => {
  const [one, two] = cluster.servers;
  await Promise.all([one?.kill('SIGKILL'), two?.kill('SIGKILL')]);
  await expect(reader.get('jobs', 'counter')).rejects.toThrow(DatabaseUnavailable);
  await expect(reader.beat('n1')).rejects.toThrow(DatabaseUnavailable);
  await Promise.all([one?.start(), two?.start()]);
  await expect
    .poll(() => reader.get('jobs', 'counter').catch(() => undefined), { timeout: 60_000, interval: 200 })
    .toBeDefined();
});

test('a list longer than one answer of the server is whole', async () => {
  const ids = Array.from({ length: 1_300 }, (_, n) => `vm-${String(n).padStart(4, '0')}`);
  for (let at = 0; at < ids.length; at += 100) {
    await Promise.all(ids.slice(at, at + 100).map((id) => writer.create('vms', id, { id })));
  }
  expect((await reader.list('vms')).map(({ id }) => id)).toEqual(ids);
});
