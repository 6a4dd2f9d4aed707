import { expect, test } from 'vitest';
import { chooseDatabase, type DatabaseWay } from './choose-database.ts';
import { DatabaseRefused } from './errors.ts';

const broken: DatabaseWay = { name: 'broken', open: () => Promise.reject(new Error('no network')) };
const absent: DatabaseWay = { name: 'absent', open: async () => undefined };
const good: DatabaseWay = {
  name: 'good',
  open: async () => ({
    connection: 'embedded:nats://a',
    description: 'the good one',
    servers: [],
    stop: async () => {},
  }),
};

function choose(ways?: readonly DatabaseWay[], env: NodeJS.ProcessEnv = {}) {
  const said: string[] = [];
  const log = (line: string): void => {
    said.push(line);
  };
  const chosen = chooseDatabase({
    folder: '/nowhere',
    natsServers: [],
    env,
    log,
    ...(ways === undefined ? {} : { ways }),
  });
  return { chosen, said };
}

test('MONGODB_URL wins, and its secrets are not shown', async () => {
  const url = 'mongodb://me:hunter2@db.example/ha?tls=true';
  const { chosen, said } = choose(undefined, { MONGODB_URL: url });
  expect((await chosen).connection).toBe(url);
  expect(said).toEqual(['database: MongoDB at mongodb://db.example/ha, named by MONGODB_URL']);
});

test('a way that fails is said, the next one taken', async () => {
  const { chosen, said } = choose([absent, broken, good]);
  expect((await chosen).connection).toBe('embedded:nats://a');
  expect(said).toEqual(['database: broken cannot be used: no network', 'database: the good one']);
});

test('without any, the error names every reason and the way out', async () => {
  const { chosen } = choose([absent, broken]);
  await expect(chosen).rejects.toThrow(DatabaseRefused);
  await expect(chosen).rejects.toThrow(/set MONGODB_URL or install mongod.*broken: no network/);
});
