import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

const content = z.object({ pid: z.number().int().positive(), start: z.string().regex(/^\d+$/) });

/** Records a living process, so that a later lab can end exactly it. Throws when it is already gone. */
export function writePidFile(path: string, pid: number): ProcessIdentity {
  const identity = identityOf(pid);
  if (identity === undefined) throw new Error(`process ${pid} ended before ${path} was written`);
  writeFileSync(`${path}.new`, JSON.stringify(identity));
  renameSync(`${path}.new`, path); // whole or not at all
  return identity;
}

/** What the file names, dead or alive; undefined when there is no file, or it is not ours to understand. */
export function readPidFile(path: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return content.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
