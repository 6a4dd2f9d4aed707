import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '#actors';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { connectJetStream } from './jetstream-connect.ts';
import { type NatsCluster, startNatsCluster } from './nats-cluster.ts';
import { transportContract } from './transport-contract.ts';

let folder: string;
let cluster: NatsCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-'));
  cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(() => {}) });
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

transportContract(
  'JetStream, three replicas, atomic batches',
  () => connectJetStream({ servers: cluster.urls, name: 'test', stream: 'r3', partitions: 8 }),
  partitionOf,
);

transportContract(
  'JetStream, one replica, separate writes',
  () => connectJetStream({ servers: cluster.urls, name: 'test', stream: 'r1', partitions: 8, replicas: 1 }),
  partitionOf,
);

test('the strategy follows from the replicas', async () => {
  const [r3, r1] = await Promise.all([
    connectJetStream({ servers: cluster.urls, name: 'test', stream: 'r3', partitions: 8 }),
    connectJetStream({ servers: cluster.urls, name: 'test', stream: 'r1', partitions: 8, replicas: 1 }),
  ]);
  expect([r3.atomicOutgoing, r1.atomicOutgoing]).toEqual([true, false]);
  await Promise.all([r3.close(), r1.close()]);
});
