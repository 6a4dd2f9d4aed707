import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { freePorts } from './free-ports.ts';
import { startNatsCluster } from './nats-cluster.ts';

test('three servers become a cluster; a killed one starts again on its port; stop leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-'));
  const cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(() => {}) });
  try {
    expect(cluster.urls).toHaveLength(3);
    for (const url of cluster.urls) await makeStream(url);
    const first = cluster.servers[0];
    await first?.kill('SIGKILL');
    expect(first?.pid).toBeUndefined();
    await first?.start();
    expect(first?.pid).toBeTypeOf('number');
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true });
  }
  expect(cluster.servers.map((server) => server.pid)).toEqual([undefined, undefined, undefined]);
});

/** The first answer counts: servers that do not know each other yet refuse it. */
async function makeStream(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  const { streams } = await jetstreamManager(connection);
  const name = connection.info?.server_name ?? '';
  await streams.add({ name, subjects: [name], num_replicas: 3 });
  await connection.close();
}

test('a busy port is named before anything starts', async () => {
  const [port = 0] = await freePorts(1);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  try {
    const starting = startNatsCluster({ servers: 1, folder: tmpdir(), ports: [port], natsServer: 'nats-server' });
    await expect(starting).rejects.toMatchObject({ code: 'PORT_BUSY', port });
  } finally {
    other.close();
  }
});

test.each(['client', 'cluster'])(
  'a %s port that somebody took after it was found free is chosen anew',
  async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-'));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo; // it listens on TCP
    let picks = 0;
    const pickPorts = async (count: number) => {
      const free = await freePorts(count);
      picks += 1;
      return picks > 1 ? free : kind === 'client' ? [port, ...free.slice(1)] : [...free.slice(1), port];
    };
    try {
      const natsServer = await ensureNatsServer(() => {});
      const cluster = await startNatsCluster({ servers: 3, folder, natsServer, pickPorts });
      expect(cluster.urls.join()).not.toContain(String(port));
      expect(picks).toBe(2);
      await cluster.stop();
    } finally {
      other.close();
      await rm(folder, { recursive: true });
    }
  },
);
