import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, connect as tcpConnect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A database server that we started and that ends with `stop`. */
export interface StartedServer {
  readonly connection: string;
  stop(): Promise<void>;
}

/** A server ended or did not open its port in time; the end of its own output is in the message. */
export class ServerDidNotStart extends Error {
  override readonly name = 'ServerDidNotStart';
  readonly code = 'SERVER_DID_NOT_START';
  readonly retryable = false;
}

/** A port on the loopback address that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts SecantusDB on a loopback port with its files in `folder`; resolves when it takes connections. It flushes its
 * log at every commit, so an acknowledged write survives a crash. Throws `ServerDidNotStart`.
 */
export async function startSecantusDb(python: string, folder: string, port?: number): Promise<StartedServer> {
  const at = port ?? (await freePort());
  const args = ['-m', 'secantus', '--host', '127.0.0.1', '--port', String(at), '--storage-path', folder];
  const stop = await startServer('SecantusDB', python, [...args, '--sync-on-commit', '--cache-size', '64M'], at);
  return { connection: `mongodb://127.0.0.1:${at}/understudy?directConnection=true`, stop };
}

/** Starts a program that is to listen on the loopback port; resolves with its `stop` once it does. */
export async function startServer(
  name: string,
  command: string,
  args: readonly string[],
  port: number,
): Promise<() => Promise<void>> {
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
  return () => stopChild(child);
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
