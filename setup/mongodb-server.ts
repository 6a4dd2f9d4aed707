import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';
import { z } from 'zod';
import { freePorts } from '../transport/mod.ts';
import { ServerDidNotStart, ServerProcess } from './server-process.ts';

/** A database that we started and that ends with `stop`. */
export interface StartedServer {
  readonly connection: string;
  /** Its processes; one that was killed may be started again. */
  readonly servers: readonly ServerProcess[];
  stop(): Promise<void>;
}

const PRIMARY_DEADLINE_MS = 30_000;
const LOOK_MS = 50;

/**
 * Starts SecantusDB on a loopback port with its files in `folder`; resolves when it takes connections. It flushes its
 * log at every commit, so an acknowledged write survives a crash. Throws `ServerDidNotStart`.
 */
export async function startSecantusDb(python: string, folder: string, port?: number): Promise<StartedServer> {
  const at = port ?? (await freePorts(1))[0] ?? 0;
  const args = ['-m', 'secantus', '--host', '127.0.0.1', '--port', String(at), '--storage-path', folder];
  const server = new ServerProcess({
    ...{ name: 'SecantusDB', command: python, port: at },
    args: [...args, '--sync-on-commit', '--cache-size', '64M'],
  });
  await server.start();
  const connection = `mongodb://127.0.0.1:${at}/understudy?directConnection=true`;
  return { connection, servers: [server], stop: () => server.stop() };
}

/**
 * Starts a MongoDB replica set of that many members on loopback ports with its files in `folder`; resolves when it has a
 * primary. Linearizable reads need a replica set, also of one. Throws `ServerDidNotStart`.
 */
export async function startMongod(program: string, folder: string, members = 1): Promise<StartedServer> {
  const ports = await portsOf(folder, members);
  const servers: ServerProcess[] = [];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    for (const port of ports) {
      const dbpath = join(folder, String(port));
      await mkdir(dbpath, { recursive: true });
      const args = ['--replSet', 'understudy', '--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dbpath];
      servers.push(new ServerProcess({ name: 'mongod', command: program, args, port }));
    }
    await Promise.all(servers.map((server) => server.start()));
    await initiate(ports);
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
    return { connection: `mongodb://${hosts}/understudy?replicaSet=understudy`, servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A replica set knows its members by their ports: the same ones as long as its files are there. */
async function portsOf(folder: string, members: number): Promise<readonly number[]> {
  const file = join(folder, 'ports.json');
  try {
    const kept = z.array(z.number()).parse(JSON.parse(await readFile(file, 'utf8')));
    if (kept.length === members) return kept;
  } catch {
    // none yet
  }
  const ports = await freePorts(members);
  await writeFile(file, JSON.stringify(ports));
  return ports;
}

async function initiate(ports: readonly number[]): Promise<void> {
  const clients = ports.map((port) => new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`));
  try {
    const members = ports.map((port, _id) => ({ _id, host: `127.0.0.1:${port}` }));
    await clients[0]
      ?.db('admin')
      .command({ replSetInitiate: { _id: 'understudy', members } })
      .catch((error: unknown) => {
        // A folder from before holds a replica set already.
        if (!(error instanceof MongoServerError) || error.codeName !== 'AlreadyInitialized') throw error;
      });
    const deadline = performance.now() + PRIMARY_DEADLINE_MS;
    while (!(await hasPrimary(clients))) {
      if (performance.now() > deadline) throw new ServerDidNotStart('mongod: no member became primary within 30 s');
      await wait(LOOK_MS);
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function hasPrimary(clients: readonly MongoClient[]): Promise<boolean> {
  const said = await Promise.all(clients.map((client) => client.db('admin').command({ hello: 1 })));
  return said.some((hello) => hello.isWritablePrimary === true);
}
