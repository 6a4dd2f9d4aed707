import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseDatabase } from './choose-database.ts';
import { connectDatabase } from './connect-database.ts';

test('what was chosen can be connected to from its connection string alone, is atomic, and keeps its data', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-choose-'));
  const env = { ...process.env, MONGODB_URL: '' };
  try {
    for (const found of [undefined, { n: 1 }]) {
      const chosen = await chooseDatabase({ folder, natsServers: [], env, log: console.log });
      try {
        const database = await connectDatabase(chosen.connection);
        expect((await database.get('settings', 'kept'))?.body).toEqual(found);
        if (found === undefined) await database.create('settings', 'kept', { n: 1 });
        await database.close();
      } finally {
        await chosen.stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
