import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { childNamespaceOf, FOLDER_VARIABLE, type NodeBoundary, nodeMembers } from './node-members.ts';
import { readPidFile } from './pid-file.ts';
import { isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';
import { watch } from './watchdog-line.ts';

export type BoxKind = 'namespace' | 'mark';

export interface NodeBoxOptions {
  readonly kind: BoxKind;
  /** The node's own folder: in the environment of all its processes. */
  readonly folder: string;
  readonly pidFile: string;
  /** Program and arguments of the first process; when it ends, the whole node ends. */
  readonly command: readonly [string, ...string[]];
  readonly env?: NodeJS.ProcessEnv;
}

/** A running node: all its processes, and nothing else. */
export interface NodeBox {
  readonly boundary: NodeBoundary;
  /** Resolves with the reason when its first process is gone, or its watchdog bit: then `powerOff` must follow. */
  readonly failed: Promise<string>;
  /** SIGKILL to everything. Resolves once no process of it is left; throws after 5 s with the ones that are. */
  powerOff(): Promise<void>;
}

/** Longer than the kernel needs to end a QEMU with a write under way. */
const KILL_DEADLINE_MS = 5000;

// The shell writes its own pid file before it starts anything: no moment at which a crash of the lab leaves a process
// that no file names. As PID 1 it reaps; it must not `exec`, as its end is what ends the namespace.
const RECORD =
  'set -e; s=$(cut -d" " -f22 "/proc/$$/stat"); printf \'{"pid":%s,"start":"%s"}\' "$$" "$s" >"$0.new"; mv "$0.new" "$0"; ';
const IN_NAMESPACE = 'exec unshare --mount --pid --fork --mount-proc --kill-child sh -c \'"$@"; exit $?\' sh "$@"';

/** Starts a node. Resolves when its boundary is known, so that it can be powered off whole from then on. */
export async function startNodeBox(options: NodeBoxOptions): Promise<NodeBox> {
  mkdirSync(options.folder, { recursive: true, mode: 0o711 });
  const log = openSync(join(options.folder, 'node.log'), 'a');
  const script = RECORD + (options.kind === 'namespace' ? IN_NAMESPACE : '"$@"; exit $?');
  const child = spawn('sh', ['-c', script, options.pidFile, ...options.command], {
    detached: true, // Ctrl-C in the lab's terminal is the lab's to handle
    stdio: ['ignore', log, log, 'pipe'], // the last leads to its watchdog
    env: { ...process.env, ...options.env, [FOLDER_VARIABLE]: options.folder },
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', () => resolve(`its first process ended: see ${join(options.folder, 'node.log')}`));
    child.once('error', (error) => resolve(error.message));
  });
  // Typed as what a socket may be; 'pipe' makes it one that goes both ways.
  const bitten = watch(child.stdio[3] as Duplex, ended);
  const boundary = await boundaryOf(child, options);
  const failed = Promise.race([ended, bitten]);
  return { boundary, failed, powerOff: () => endNode(boundary, readPidFile(options.pidFile)) };
}

/** Ends what is left of a node that a crashed lab started; does nothing when the process its pid file names is gone. */
export async function endLeftNode(pidFile: string, folder: string): Promise<void> {
  const outer = readPidFile(pidFile);
  const inode = outer !== undefined && isAlive(outer) ? childNamespaceOf(outer.pid) : undefined;
  // Without a namespace its processes may outlive the one that the file names; each of them carries the folder's path.
  await endNode(inode === undefined ? { kind: 'mark', folder } : { kind: 'namespace', inode }, outer);
}

async function boundaryOf(child: ChildProcess, options: NodeBoxOptions): Promise<NodeBoundary> {
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    // An older file may still be there: only the one of this process says that it recorded itself.
    const recorded = readPidFile(options.pidFile)?.pid === child.pid;
    if (recorded && options.kind === 'mark') return { kind: 'mark', folder: options.folder };
    const inode = recorded ? childNamespaceOf(child.pid) : undefined;
    if (inode !== undefined) return { kind: 'namespace', inode };
    await delay(2);
  }
  throw new Error(`node did not start: see ${join(options.folder, 'node.log')}`);
}

async function endNode(boundary: NodeBoundary, outer: ProcessIdentity | undefined): Promise<void> {
  for (let waited = 0; ; waited += 5) {
    if (outer !== undefined) signalProcess(outer, 'SIGKILL'); // its namespace dies with it
    const left = nodeMembers(boundary);
    for (const member of left) signalProcess(member, 'SIGKILL');
    if (left.length === 0 && (outer === undefined || !isAlive(outer)) && nodeMembers(boundary).length === 0) return;
    if (waited > KILL_DEADLINE_MS) {
      throw new Error(`still there after SIGKILL: ${left.map(({ pid }) => pid).join(', ')}`);
    }
    await delay(5);
  }
}

/** `namespace` where this user may make PID namespaces (root), else `mark`. */
export async function bestBoxKind(): Promise<BoxKind> {
  const probe = spawn('unshare', ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'true'], {
    stdio: 'ignore',
  });
  return await new Promise((resolve) => {
    probe.once('exit', (status) => resolve(status === 0 ? 'namespace' : 'mark'));
    probe.once('error', () => resolve('mark'));
  });
}
