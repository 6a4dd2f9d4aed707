import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropDatabase, withDatabase } from '../database/mod.ts';
import type { LabFolder } from './lab-folder.ts';

type Drop = (connection: string) => Promise<void>;

/**
 * A database for this lab alone on a server that is not the lab's: no lab meets another's documents, or the user's.
 * Recorded in the folder before anything can be written to it: `dropLabDatabases` removes it, also after a crash. The
 * record holds what the connection string holds, so only its owner may read it. Throws `DatabaseUnavailable`, and
 * `DatabaseRefused` also when the user may not drop it again.
 */
export async function ownDatabase(folder: LabFolder, connection: string, drop: Drop = dropDatabase): Promise<string> {
  const place = createHash('sha256').update(folder.root).digest('hex').slice(0, 8);
  const name = `understudy-lab-${place}-${randomBytes(4).toString('hex')}`;
  const own = withDatabase(connection, name);
  await drop(own); // it is not there yet: this proves that the server answers, and that the end will be allowed
  mkdirSync(folder.ownDatabases, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder.ownDatabases, name), own, { mode: 0o600 });
  return own;
}

/**
 * Drops every database that labs of this folder left on other servers; to be called when nothing writes to them any
 * more. Resolves with a sentence for each that could not be dropped: it stays on record for the next start.
 */
export async function dropLabDatabases(folder: LabFolder, drop: Drop = dropDatabase): Promise<string[]> {
  const left: string[] = [];
  for (const name of recorded(folder)) {
    const record = join(folder.ownDatabases, name);
    try {
      // Read back from a file: drop what the name says, never what else an address might have become.
      await drop(withDatabase(readFileSync(record, 'utf8'), name));
      rmSync(record);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      left.push(`the database ${name} is left (the next start here tries again, or remove ${record}): ${why}`);
    }
  }
  if (left.length === 0) rmSync(folder.ownDatabases, { recursive: true, force: true });
  return left;
}

function recorded({ ownDatabases }: LabFolder): string[] {
  try {
    return readdirSync(ownDatabases).filter((name) => name.startsWith('understudy-lab-'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
