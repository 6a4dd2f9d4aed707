import { chownSync, mkdirSync } from 'node:fs';
import { copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseDatabase } from '../database/choose-database.ts';
import { createArea } from '../node-agent/file-storage/mod.ts';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { type NatsServerHandle, startNatsCluster } from '../transport/mod.ts';
import { ownDatabase } from './lab-database.ts';
import type { LabFolder } from './lab-folder.ts';
import { runAboveOthers } from './real-time.ts';
import type { KeptServer } from './server-keeper.ts';
import { recordServers } from './server-pids.ts';

/** libvirt's session daemon runs as nobody when root starts it, and so do its QEMUs. */
const NOBODY = 65534;
const DISK_BYTES = 64 << 20;

/** What every node of the lab shares. */
export interface LabServices {
  readonly nats: readonly string[];
  /** For `connectDatabase`. */
  readonly database: string;
  /** Path of the shared storage area. */
  readonly area: string;
  /** What each part is here, in words. */
  readonly parts: Readonly<Record<string, string>>;
  /** The lab's own server processes; a database named by MONGODB_URL is not ours. */
  readonly servers: { readonly messaging: readonly KeptServer[]; readonly database: readonly KeptServer[] };
}

/**
 * Starts three nats-servers, the database and the shared storage, each recorded in a pid file: `cleanUp` ends them. `port`
 * is the first of the three that NATS listens on; free ones when not given. `step` is told what begins. Errors as its
 * parts throw them.
 */
export async function startLabServices(
  folder: LabFolder,
  { port, ...size }: { readonly nodes: number; readonly vms: number; readonly port?: number | undefined },
  step: (line: string) => void,
): Promise<LabServices> {
  for (const path of [folder.shared, folder.nats, folder.database]) mkdirSync(path, { recursive: true, mode: 0o711 });
  const area = join(folder.shared, 'area');
  await createArea(area, size);
  const natsServer = await ensureNatsServer(step);
  step('starting three nats-servers');
  return await recordServers(folder.pids, async () => {
    const ports = port === undefined ? {} : { ports: [port, port + 1, port + 2] };
    const cluster = await startNatsCluster({ servers: 3, folder: folder.nats, natsServer, ...ports });
    step('starting the database');
    const chosen = await chooseDatabase({ folder: folder.database, natsServers: cluster.urls, log: step });
    // The user's server keeps what a lab leaves: each lab gets a database there that ends with it.
    const database = chosen.foreign ? await ownDatabase(folder, chosen.connection) : chosen.connection;
    const parts = {
      messaging: `NATS JetStream, ${cluster.servers.length} servers (${natsServer})`,
      database: chosen.description,
      storage: `a file with compare-and-write under locks (${area})`,
    };
    const messaging = cluster.servers.map((server) => named(server));
    for (const { pid } of [...messaging, ...chosen.servers]) if (pid !== undefined) await runAboveOthers(pid);
    return {
      ...{ nats: cluster.urls, database, area, parts },
      servers: { messaging, database: chosen.servers },
    };
  });
}

function named(server: NatsServerHandle): KeptServer {
  return {
    name: `nats-server (port ${server.port})`,
    get pid() {
      return server.pid;
    },
    start: () => server.start(),
  };
}

/** Makes a VM's empty disk on the shared storage; resolves with its path. */
export async function makeDisk(folder: LabFolder, vm: string): Promise<string> {
  const path = diskPath(folder, vm);
  await writeFile(path, '', { flag: 'wx' });
  await truncate(path, DISK_BYTES);
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
  return path;
}

export function diskPath(folder: LabFolder, vm: string): string {
  return join(folder.shared, `${vm}.disk`);
}

/** Copies a file to where QEMU's user can read it; a home folder often lets nobody through. */
export async function shareFile(folder: LabFolder, name: string, source: string): Promise<string> {
  const path = join(folder.shared, name);
  await copyFile(source, path);
  return path;
}
