import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readPidFile, writePidFile } from './pid-file.ts';
import { identityOf, isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';

const PREFIX = 'server-';
const OFTEN_MS = 20;

/**
 * While `start` starts servers as children of this process, each gets a pid file, so that a lab that crashes leaves none
 * unnamed (but one younger than 20 ms). Whoever starts them need not know of it.
 */
export async function recordServers<T>(pids: string, start: () => Promise<T>): Promise<T> {
  mkdirSync(pids, { recursive: true });
  const known = new Set(childrenOfThisProcess()); // those that were there before are not ours to end
  const record = (): void => {
    for (const pid of childrenOfThisProcess()) {
      if (known.has(pid) || identityOf(pid) === undefined) continue;
      known.add(pid);
      try {
        writePidFile(join(pids, `${PREFIX}${pid}`), pid);
      } catch (error) {
        if (identityOf(pid) !== undefined) throw error; // else it ended in this moment
      }
    }
  };
  const timer = setInterval(record, OFTEN_MS);
  try {
    return await start();
  } finally {
    clearInterval(timer);
    record();
  }
}

/** Ends exactly the servers that the pid files name and that still live. Resolves when they are gone. */
export async function endServers(pids: string): Promise<void> {
  const files = readdirSync(pids, { withFileTypes: true }).filter(({ name }) => name.startsWith(PREFIX));
  const named = files.map(({ name }) => readPidFile(join(pids, name))).filter((found) => found !== undefined);
  for (const identity of named) signalProcess(identity, 'SIGKILL');
  await Promise.all(named.map(untilGone));
  for (const { name } of files) rmSync(join(pids, name));
}

async function untilGone(identity: ProcessIdentity): Promise<void> {
  while (isAlive(identity)) await delay(5); // SIGKILL is not refused, only slow
}

function childrenOfThisProcess(): number[] {
  const lists = readdirSync('/proc/self/task').map((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/children`, 'latin1');
    } catch {
      return ''; // that thread ended
    }
  });
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}
