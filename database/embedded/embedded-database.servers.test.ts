import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNatsServer } from '../../setup/nats-server.ts';
import { startNatsCluster } from '../../transport/mod.ts';
import { databaseContract } from '../database-contract.ts';
import { EmbeddedDatabase } from './embedded-database.ts';

for (const servers of [1, 3]) {
  databaseContract(`embedded, ${servers} nats-server`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-embedded-'));
    const cluster = await startNatsCluster({ servers, folder, natsServer: await ensureNatsServer(console.log) });
    const first = await EmbeddedDatabase.connect(cluster.urls);
    // The other connection begins at another server, so that reads meet replicas that may be behind.
    const second = await EmbeddedDatabase.connect([...cluster.urls].reverse());
    return {
      first,
      second,
      stop: async () => {
        await Promise.all([first.close(), second.close()]);
        await cluster.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  });
}
