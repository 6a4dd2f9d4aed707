import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ChosenDatabase, chooseDatabase, connectDatabase, withDatabase } from '../database/mod.ts';
import { cleanUp } from './clean-up.ts';
import { dropLabDatabases } from './lab-database.ts';
import { labFolder, openLabRoot } from './lab-folder.ts';
import { startLabServices } from './lab-services.ts';

const place = mkdtempSync(join(tmpdir(), 'us-'));
const folder = labFolder(join(place, 'lab'));
let users: ChosenDatabase;
beforeAll(async () => {
  const env = { ...process.env, MONGODB_URL: '' };
  users = await chooseDatabase({ folder: place, natsServers: [], env, log: console.log });
  vi.stubEnv('MONGODB_URL', users.connection);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await users.stop();
  rmSync(place, { recursive: true, force: true });
});

async function databases(): Promise<string[]> {
  const client = new MongoClient(users.connection);
  try {
    const { databases: found } = await client.db().admin().listDatabases({ nameOnly: true });
    return found.map(({ name }) => name).filter((name) => name.startsWith('understudy'));
  } finally {
    await client.close();
  }
}

it("starts again and again on the user's server, meets nothing that was there, leaves nothing, touches nothing", async () => {
  const theirs = await connectDatabase(withDatabase(users.connection, 'understudy'));
  await theirs.create('settings', 'main', { theirs: true });
  for (const time of ['first', 'second']) {
    openLabRoot(folder);
    try {
      const services = await startLabServices(folder, { nodes: 3, vms: 4 }, () => undefined);
      expect(services.servers.database).toEqual([]); // the lab watches over no server of the user's
      const database = await connectDatabase(services.database);
      await database.create('settings', 'main', { time });
      await database.close();
      expect(await databases()).toHaveLength(2);
    } finally {
      await cleanUp(folder);
    }
    expect(await dropLabDatabases(folder)).toEqual([]);
    expect(await databases()).toEqual(['understudy']);
  }
  expect((await theirs.get('settings', 'main'))?.body).toEqual({ theirs: true });
  await theirs.close();
});
