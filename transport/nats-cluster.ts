import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { assertPortFree, freePorts } from './free-ports.ts';
import { natsConfig } from './nats-config.ts';
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
}

export interface NatsCluster {
  readonly servers: readonly NatsServerHandle[];
  /** For `connectJetStream`. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a JetStream cluster on the loopback interface and waits until every server answers for JetStream.
 * Errors: `PortBusy`, `ClusterNotReady`; nothing is left running after either.
 */
export async function startNatsCluster(options: NatsClusterOptions): Promise<NatsCluster> {
  const count = options.servers;
  if (options.ports !== undefined && options.ports.length !== count) throw new RangeError('give one port a server');
  for (const port of options.ports ?? []) await assertPortFree(port);
  const free = await freePorts(2 * count);
  const ports = free.slice(0, count).map((port, i) => ({
    client: options.ports?.[i] ?? port,
    cluster: free[count + i] ?? 0,
  }));
  const servers = ports.map((port, i) => {
    const folder = join(options.folder, `nats-${i + 1}`);
    return new NatsProcess(options.natsServer, folder, port.client, natsConfig(i, ports, folder));
  });
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  };
  try {
    for (const server of servers) await server.start();
    const deadline = performance.now() + (options.readyTimeoutMs ?? 20_000);
    for (const server of servers) await jetStreamReady(server, deadline, options.folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, urls: ports.map((port) => `nats://127.0.0.1:${port.client}`), stop };
}

/** Asks again and again: a server that just started refuses connections first, then has no cluster leader. */
async function jetStreamReady(server: NatsProcess, deadline: number, folder: string): Promise<void> {
  for (;;) {
    if (server.pid === undefined)
      throw new ClusterNotReady(`a nats-server ended at its start: see the logs in ${folder}`);
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
        throw new ClusterNotReady(`JetStream not ready on port ${server.port}: see the logs in ${folder} (${error})`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
