import { type ChildProcess, spawn } from 'node:child_process';
import { connect as tcpConnect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';
import { freePorts } from '../transport/mod.ts';

/** A database server that we started and that ends with `stop`. */
export interface StartedServer {
  readonly connection: string;
  /** Of the processes, for whoever cleans up after a crash. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** A server ended or did not open its port in time; the end of its own output is in the message. */
export class ServerDidNotStart extends Error {
  override readonly name = 'ServerDidNotStart';
  readonly code = 'SERVER_DID_NOT_START';
  readonly retryable = false;
}

/**
 * Starts SecantusDB on a loopback port with its files in `folder`; resolves when it takes connections. It flushes its
 * log at every commit, so an acknowledged write survives a crash. Throws `ServerDidNotStart`.
 */
export async function startSecantusDb(python: string, folder: string, port?: number): Promise<StartedServer> {
  const at = port ?? (await freePorts(1))[0] ?? 0;
  const args = ['-m', 'secantus', '--host', '127.0.0.1', '--port', String(at), '--storage-path', folder];
  const server = await startServer('SecantusDB', python, [...args, '--sync-on-commit', '--cache-size', '64M'], at);
  return { ...server, connection: `mongodb://127.0.0.1:${at}/understudy?directConnection=true` };
}

/**
 * Starts a `mongod` as a replica set of one on a loopback port with its files in `folder`; resolves when it is primary.
 * Linearizable reads need a replica set. Throws `ServerDidNotStart`.
 */
export async function startMongod(program: string, folder: string, port?: number): Promise<StartedServer> {
  const at = port ?? (await freePorts(1))[0] ?? 0;
  const args = ['--replSet', 'understudy', '--bind_ip', '127.0.0.1', '--port', String(at), '--dbpath', folder];
  const server = await startServer('mongod', program, args, at);
  const client = new MongoClient(`mongodb://127.0.0.1:${at}/?directConnection=true`);
  try {
    const config = { _id: 'understudy', members: [{ _id: 0, host: `127.0.0.1:${at}` }] };
    await client
      .db('admin')
      .command({ replSetInitiate: config })
      .catch((error: unknown) => {
        // A folder from before holds a replica set already.
        if (!(error instanceof MongoServerError) || error.codeName !== 'AlreadyInitialized') throw error;
      });
    const deadline = performance.now() + 30_000;
    while ((await client.db('admin').command({ hello: 1 })).isWritablePrimary !== true) {
      if (performance.now() > deadline) throw new ServerDidNotStart('mongod did not become primary within 30 s');
      await wait(50);
    }
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    await client.close();
  }
  return { ...server, connection: `mongodb://127.0.0.1:${at}/understudy?replicaSet=understudy` };
}

/** Starts a program that is to listen on the loopback port; resolves once it does. */
export async function startServer(
  name: string,
  command: string,
  args: readonly string[],
  port: number,
): Promise<Omit<StartedServer, 'connection'>> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('error', (error) => {
    output += String(error);
  });
  const deadline = performance.now() + 30_000;
  while (!(await accepts(port))) {
    if (!alive(child) || performance.now() > deadline) {
      await stopChild(child);
      throw new ServerDidNotStart(`${name} did not open port ${port}: ${output.trim() || 'it said nothing'}`);
    }
    await wait(50);
  }
  return { pids: child.pid === undefined ? [] : [child.pid], stop: () => stopChild(child) };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function alive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Asks the child to end, forces it after 5 s. Resolves when it is gone. */
async function stopChild(child: ChildProcess): Promise<void> {
  if (!alive(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(force);
}
