import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nuid } from '@nats-io/transport-node';
import { assertPortFree, freePorts, PortBusy } from './free-ports.ts';
import { type NatsPorts, natsConfig } from './nats-config.ts';
import { NatsProcess, type NatsServerHandle } from './nats-process.ts';

/** The servers did not become a working JetStream cluster in time; their logs are in the folder named. */
export class ClusterNotReady extends Error {
  override readonly name = 'ClusterNotReady';
  readonly code = 'CLUSTER_NOT_READY';
  readonly retryable = true;
}

export interface NatsClusterOptions {
  /** How many servers; 3 gives replicated streams that survive one of them. */
  readonly servers: number;
  /** Where configuration, logs and data go: one subfolder a server. */
  readonly folder: string;
  /** Client ports, one a server; free ones when not given. */
  readonly ports?: readonly number[];
  /** Path of the program, see `ensureNatsServer`. */
  readonly natsServer: string;
  /** How long to wait for JetStream; 20 s when not given. */
  readonly readyTimeoutMs?: number;
  /** Chooses ports where none are given. For tests. */
  readonly pickPorts?: (count: number) => Promise<readonly number[]>;
}

/** A port found free may be taken before its server listens on it. */
const ATTEMPTS = 5;

export interface NatsCluster {
  readonly servers: readonly NatsServerHandle[];
  /** For `connectJetStream`. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a JetStream cluster on the loopback interface and waits until every server answers for JetStream and streams can be
 * made on all of them. Ports that it chose itself and somebody else took meanwhile it chooses anew. Errors: `PortBusy`,
 * `ClusterNotReady`; nothing is left running after either.
 */
export async function startNatsCluster(options: NatsClusterOptions): Promise<NatsCluster> {
  const { servers: count, ports: given, pickPorts = freePorts } = options;
  if (given !== undefined && given.length !== count) throw new RangeError('give one port a server');
  for (const port of given ?? []) await assertPortFree(port);
  for (let attempt = 1; ; attempt += 1) {
    const free = await pickPorts(2 * count);
    const ports = free
      .slice(0, count)
      .map((port, i) => ({ client: given?.[i] ?? port, cluster: free[count + i] ?? 0 }));
    try {
      return await startOn(ports, options);
    } catch (error) {
      const lost = error instanceof PortBusy && given?.includes(error.port) !== true;
      if (!lost || attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOn(ports: readonly NatsPorts[], options: NatsClusterOptions): Promise<NatsCluster> {
  const servers = ports.map((port, i) => {
    const folder = join(options.folder, `nats-${i + 1}`);
    return new NatsProcess(options.natsServer, folder, port.client, natsConfig(i, ports, folder));
  });
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  };
  try {
    for (const { cluster } of ports) await assertPortFree(cluster);
    for (const server of servers) await server.start();
    const deadline = performance.now() + (options.readyTimeoutMs ?? 20_000);
    for (const [i, server] of servers.entries()) {
      await jetStreamReady(server, deadline, join(options.folder, `nats-${i + 1}`));
    }
    const [first] = servers;
    if (first !== undefined) await streamsReady(first, servers.length, deadline);
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, urls: ports.map((port) => `nats://127.0.0.1:${port.client}`), stop };
}

/** Asks again and again: a server that just started refuses connections first, then has no cluster leader. */
async function jetStreamReady(server: NatsProcess, deadline: number, folder: string): Promise<void> {
  for (;;) {
    if (server.pid === undefined) throw endedAtStart(folder);
    try {
      const connection = await connect({ servers: `127.0.0.1:${server.port}`, reconnect: false, timeout: 1000 });
      try {
        await jetstreamManager(connection, { timeout: 1000 });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (performance.now() > deadline) {
        throw new ClusterNotReady(
          `JetStream not ready on port ${server.port}: its log ends with: ${lastWords(folder)} (${error})`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/**
 * Every server answers before the leader has heard of every other: until then it refuses streams on all of them ("no suitable
 * peers"). So one is made there and removed again.
 */
async function streamsReady(server: NatsProcess, replicas: number, deadline: number): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${server.port}`, timeout: 1000 });
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 1000 });
    const name = `ready-${nuid.next()}`;
    for (;;) {
      try {
        await streams.add({ name, subjects: [name], storage: 'memory', num_replicas: replicas });
        await streams.delete(name);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw new ClusterNotReady(`no stream on ${replicas} servers: ${error}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } finally {
    await connection.close();
  }
}

function endedAtStart(folder: string): Error {
  const words = lastWords(folder);
  const port = /:(\d+).*address already in use/.exec(words)?.[1];
  return port === undefined
    ? new ClusterNotReady(`a nats-server ended at its start: ${words}`)
    : new PortBusy(Number(port));
}

/** The folder may be gone before anybody can look. */
function lastWords(folder: string): string {
  try {
    return readFileSync(join(folder, 'server.log'), 'utf8').trim().split('\n').at(-1) || 'it said nothing';
  } catch {
    return 'it left no log';
  }
}
