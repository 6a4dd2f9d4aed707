import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { LabError } from './lab-error.ts';
import { isReachedByCommands, type LabFolder } from './lab-folder.ts';
import { readPidFile, writePidFile } from './pid-file.ts';
import { isAlive } from './process-identity.ts';

/**
 * Makes this process the only lab of the folder. Throws `LabError` when another one runs. `crashed`: one ran here and
 * never ended in order, so its leavings must be cleaned up first.
 */
export function takeLabLock(folder: LabFolder): { readonly crashed: boolean; release(): void } {
  const draft = `${folder.lock}.${process.pid}`;
  let crashed = false;
  writePidFile(draft, process.pid);
  try {
    while (true) {
      try {
        linkSync(draft, folder.lock); // fails when it exists: one winner
        break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      setAsideIfDead(folder, `${draft}.old`);
      crashed = true;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { crashed, release: () => rmSync(folder.lock, { force: true }) };
}

function setAsideIfDead(folder: LabFolder, aside: string): void {
  const holder = readPidFile(folder.lock);
  if (holder !== undefined && isAlive(holder)) {
    const wayOut = isReachedByCommands(folder)
      ? 'end it with "npx understudy lab down"'
      : `wait until it has ended, or end it with "kill ${holder.pid}"`; // it plays a scenario
    throw new LabError(`a lab already runs (process ${holder.pid}, ${folder.root}): ${wayOut}`);
  }
  const seen = readLock(folder.lock);
  try {
    renameSync(folder.lock, aside);
  } catch {
    return; // another start was quicker: the loop looks again
  }
  // Between our look and our rename another start may have put its own lock there: put it back.
  if (readLock(aside) !== seen) linkSync(aside, folder.lock);
  rmSync(aside, { force: true });
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
