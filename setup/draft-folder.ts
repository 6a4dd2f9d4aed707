import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A new folder in `parent` to fill before it is renamed to its place; the caller removes what is left of it. Removes
 * those of processes that were killed before they could.
 */
export async function draftFolder(parent: string, name: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const entry of await readdir(parent)) {
    const maker = /^partial-.*-(\d+)-\w+$/.exec(entry)?.[1];
    if (maker !== undefined && !lives(Number(maker))) await rm(join(parent, entry), { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, `partial-${name}-${process.pid}-`));
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
