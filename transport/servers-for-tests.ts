import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { type NatsCluster, startNatsCluster } from './nats-cluster.ts';

/** Starts that many real servers before the tests of this file or group, ends them after. */
export function serversForTests(servers: number): { readonly cluster: NatsCluster; readonly urls: readonly string[] } {
  let folder: string | undefined;
  let cluster: NatsCluster | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'understudy-'));
    cluster = await startNatsCluster({ servers, folder, natsServer: await ensureNatsServer(() => {}) });
  });
  afterAll(async () => {
    await cluster?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  const started = (): NatsCluster => {
    if (cluster === undefined) throw new Error('the servers start before the first test');
    return cluster;
  };
  return {
    get cluster() {
      return started();
    },
    get urls() {
      return started().urls;
    },
  };
}
