import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HypervisorError } from '#ports';

/** An unprivileged user's number (nobody): a daemon run by root is not a session daemon. */
const NOBODY = 65534;
const READY_TRIES = 500;
const READY_RETRY_MS = 20;

export interface SessionDaemon {
  readonly process: ChildProcess;
  /** What LibvirtHypervisor connects to. */
  readonly uri: string;
}

/**
 * Starts a libvirt session daemon of its own below `folder` (short: a socket's path has at most 107 bytes), so that one
 * machine can carry several hosts. Started by root it runs as `nobody`, and so do its guests. It stays in the caller's
 * process group; its QEMUs do not (libvirt detaches them): see `qemuPidFolder`. Resolves when it takes connections;
 * throws `HypervisorError` when it ends, or does not within 10 s.
 */
export async function startSessionDaemon(libvirtd: string, folder: string): Promise<SessionDaemon> {
  const asRoot = process.getuid?.() === 0;
  await mkdir(dirname(folder), { recursive: true, mode: 0o711 }); // the daemon's user must get through
  const folders = ['', 'run', 'config', 'config/libvirt', 'cache', 'data'].map((name) => join(folder, name));
  for (const path of folders) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (asRoot) await chown(path, NOBODY, NOBODY);
  }
  // Otherwise a log daemon is started for the guests' consoles, which outlives us.
  await writeFile(join(folder, 'config/libvirt/qemu.conf'), 'stdio_handler = "file"\n');
  // Two daemons of one machine look like one host, between which nothing migrates.
  const settings = join(folder, 'config/libvirt/libvirtd.conf');
  await writeFile(settings, `host_uuid = "${randomUUID()}"\n`, { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_DATA_HOME: join(folder, 'data'),
  };
  const line = asRoot
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', libvirtd, '-t', '0']
    : [libvirtd, '-t', '0'];
  const log = await open(join(folder, 'libvirtd.log'), 'a');
  const child = spawn(line[0] ?? libvirtd, line.slice(1), { env, cwd: folder, stdio: ['ignore', log.fd, log.fd] });
  child.on('error', () => undefined); // told below: it never answers
  await log.close();
  const socket = join(folder, 'run/libvirt/libvirt-sock');
  for (let tries = 1; !(await answers(socket)); tries += 1) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null || tries === READY_TRIES) {
      child.kill('SIGKILL');
      throw new HypervisorError(
        `${libvirtd} does not start (status ${child.exitCode ?? child.signalCode}): see ${folder}/libvirtd.log`,
      );
    }
    await wait(READY_RETRY_MS); // nothing tells when a daemon opened its socket
  }
  return { process: child, uri: `qemu+unix:///session?socket=${socket}` };
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket, () => {
      client.destroy();
      resolve(true);
    });
    client.on('error', () => resolve(false));
  });
}

/** Where the daemon below `folder` keeps a `VM.pid` file for each QEMU (and its own, `driver.pid`). */
export function qemuPidFolder(folder: string): string {
  return join(folder, 'run/libvirt/qemu/run');
}
