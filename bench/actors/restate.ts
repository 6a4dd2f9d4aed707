import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Http2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { freePorts } from '../../transport/free-ports.ts';
import { type Rate, rateOf } from './rate.ts';
import { ensureRestate } from './restate-install.ts';
import { ringMachine } from './ring.ts';

/** What is used of its packages; they are not there when this is type-checked. */
type Call = (...args: unknown[]) => unknown;
const call = z.custom<Call>((value) => typeof value === 'function');
const sdkShape = z.object({ createEndpointHandler: call });
const xstateShape = z.object({ xstate: call });

export interface RestatePeer {
  readonly version: string;
  /** Steps of the same machine, `actors` virtual objects, one request under way for each. */
  steps(actors: number, durationMs: number): Promise<Rate>;
  stop(): Promise<void>;
}

/** Starts Restate with one service: the machine of the ring through its XState package. Throws when it cannot be had. */
export async function startRestate(folder: string, log: (line: string) => void): Promise<RestatePeer> {
  const program = await ensureRestate(log);
  const load = createRequire(join(program.folder, 'package.json'));
  const sdk = sdkShape.parse(load('@restatedev/restate-sdk'));
  const { xstate } = xstateShape.parse(load('@restatedev/xstate'));
  const [ingress = 0, admin = 0, node = 0, service = 0] = await freePorts(4);
  const handler: unknown = sdk.createEndpointHandler({
    services: [
      xstate(
        'ring',
        ringMachine(1, () => false),
      ),
    ],
    // It writes three lines a step otherwise, which would be measured too.
    logger: () => {},
  });
  // What its SDK calls an endpoint handler is a request listener.
  const endpoint = createServer(handler as Parameters<typeof createServer>[1]);
  await new Promise<void>((resolve) => endpoint.listen(service, '127.0.0.1', resolve));
  await mkdir(folder, { recursive: true });
  const out = openSync(join(folder, 'restate.log'), 'a');
  const server = spawn(program.server, ['--base-dir', folder, '--node-name', 'bench'], {
    stdio: ['ignore', out, out],
    env: {
      ...process.env,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  });
  const stop = (): Promise<void> => end(server, endpoint);
  try {
    await register(`http://127.0.0.1:${admin}/deployments`, `http://127.0.0.1:${service}`, server);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `http://127.0.0.1:${ingress}/ring`;
  return { version: program.version, steps: (actors, durationMs) => steps(url, actors, durationMs), stop };
}

async function register(deployments: string, uri: string, server: ChildProcess): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await post(deployments, { uri });
      return;
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
}

async function steps(url: string, actors: number, durationMs: number): Promise<Rate> {
  const keys = Array.from({ length: actors }, (_, i) => `${actors}-${i}`);
  await Promise.all(keys.map((key) => post(`${url}/${key}/create`, { input: { address: `ring/${key}` } })));
  const durations: number[] = [];
  const begin = performance.now();
  await Promise.all(
    keys.map(async (key) => {
      while (performance.now() - begin < durationMs) {
        const sent = performance.now();
        await post(`${url}/${key}/send`, { event: { type: 'step' } });
        durations.push(performance.now() - sent);
      }
    }),
  );
  return rateOf(durations, performance.now() - begin);
}

async function end(server: ChildProcess, endpoint: Http2Server): Promise<void> {
  if (server.exitCode === null) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  }
  endpoint.close();
}
