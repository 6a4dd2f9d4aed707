import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSecantusDb } from '../../setup/mongodb-server.ts';
import { ensureSecantusDb } from '../../setup/secantusdb.ts';
import { databaseContract } from '../database-contract.ts';
import { MongoDatabase } from './mongo-database.ts';

databaseContract('MongoDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-mongo-'));
  const server = await startSecantusDb(await ensureSecantusDb(console.log), folder);
  const first = await MongoDatabase.connect(server.connection);
  const second = await MongoDatabase.connect(server.connection);
  return {
    first,
    second,
    stop: async () => {
      await Promise.all([first.close(), second.close()]);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
