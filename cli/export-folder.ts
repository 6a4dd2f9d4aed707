import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserMistake } from './user-mistake.ts';

/** Makes a folder, with those above it, that files can be written to. Throws `UserMistake` when that cannot be. */
export async function openExportFolder(folder: string): Promise<void> {
  try {
    await make(resolve(folder));
    await access(folder, constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UserMistake(`--export ${folder}: ${error.message}; allowed: a folder that files can be written to`);
  }
}

/** One after the other: `mkdir` with `recursive` tries for ever below /proc. */
async function make(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (dirname(folder) !== folder) await make(dirname(folder));
  await mkdir(folder);
}
