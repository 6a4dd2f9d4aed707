import { chmodSync, existsSync, lstatSync, mkdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LabError } from './lab-error.ts';

/**
 * Where a lab keeps everything it makes. Short: a unix socket's path has at most 107 bytes.
 * `lock` pid file of the lab · `control.sock` · `pids/` one file a process that it started · `shared/` the shared storage ·
 * `nats/`, `database/` their servers' data · `nodes/<node>/` a node's own folders and logs.
 */
export interface LabFolder {
  readonly root: string;
  readonly lock: string;
  readonly control: string;
  readonly pids: string;
  readonly shared: string;
  readonly nats: string;
  readonly database: string;
  /** A record for each database that a lab has on a server which is not its own. */
  readonly ownDatabases: string;
  node(name: string): string;
}

/** Here no folder can be made, whatever is tried: a file is in the way, no right, not a path. */
const NO_FOLDER: ReadonlySet<unknown> = new Set(['EEXIST', 'ENOTDIR', 'EACCES', 'EROFS', 'ENAMETOOLONG', 'ELOOP']);

/** Of procfs and sysfs (statfs(2)): there Node's recursive mkdir tries for ever instead of failing. */
const KERNELS_OWN: ReadonlySet<number> = new Set([0x9fa0, 0x62656572]);

/** `$UNDERSTUDY_LAB`, else `understudy-lab-<user number>` in the folder for temporary files. */
export function labRoot(env: NodeJS.ProcessEnv = process.env): string {
  // Absolute: the lab's processes have working folders of their own.
  return resolve(env.UNDERSTUDY_LAB || join(tmpdir(), `understudy-lab-${process.getuid?.() ?? 0}`));
}

/** The layout below `root`; nothing is made. */
export function labFolder(root: string = labRoot()): LabFolder {
  return {
    root,
    lock: join(root, 'lock'),
    control: join(root, 'control.sock'),
    pids: join(root, 'pids'),
    shared: join(root, 'shared'),
    nats: join(root, 'nats'),
    database: join(root, 'database'),
    ownDatabases: join(root, 'own-databases'),
    node: (name) => join(root, 'nodes', name),
  };
}

/** True when `understudy lab status`, `power-on`, `down` reach this folder's lab. */
export function isReachedByCommands(folder: LabFolder): boolean {
  return folder.root === labRoot();
}

/** Makes the root, or checks that an existing one is this user's own folder. Throws `LabError`. */
export function openLabRoot(folder: LabFolder): void {
  if (KERNELS_OWN.has(statfsSync(nearestFolder(folder.root)).type)) {
    throw new LabError(`${folder.root} is the kernel's own: name a folder on a disk in UNDERSTUDY_LAB`);
  }
  try {
    mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NO_FOLDER.has(error.code))) throw error;
    throw new LabError(`${folder.root} cannot be the lab's folder (${error.message}): name another in UNDERSTUDY_LAB`, {
      cause: error,
    });
  }
  const found = lstatSync(folder.root);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) {
    throw new LabError(`${folder.root} is not a folder of your own: remove it, or name another one in UNDERSTUDY_LAB`);
  }
  // The VMs' own user must get through to the shared disks, and list nothing.
  chmodSync(folder.root, 0o711);
}

/** The lowest one on the way to `path` that is there. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}
