import { access, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { draftFolder } from './draft-folder.ts';

/** Folder of everything that is fetched or built once, outside the repository: `$XDG_CACHE_HOME/understudy`, else `~/.cache/understudy`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'understudy');
}

/**
 * A folder of the cache, made by `fill` when it is missing. Filled beside its place and renamed into it, so that an
 * interrupted run leaves nothing that a later one would take for whole.
 */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const place = join(cacheFolder(), name);
  if (await exists(place)) return place;
  const draft = await draftFolder(cacheFolder(), name);
  try {
    await fill(draft);
    await rename(draft, place).catch(async (error: unknown) => {
      if (!(await exists(place))) throw error; // else somebody else was quicker: theirs is as good
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return place;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
