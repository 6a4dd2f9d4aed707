import { execFile } from 'node:child_process';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';
import { draftFolder } from './draft-folder.ts';

const run = promisify(execFile);

/** The release the contract suite is run on. */
export const PINNED_SECANTUSDB = '0.7.0b3';

/** SecantusDB (a MongoDB-compatible server, in a process of its own) cannot be had on this machine. */
export class SecantusDbMissing extends Error {
  override readonly name = 'SecantusDbMissing';
  readonly code = 'SECANTUSDB_MISSING';
  readonly retryable = false;
}

/**
 * The Python that has the pinned SecantusDB, in a private environment in the user's cache; installs it when it is not
 * there. Start the server as `<python> -m secantus`. The environment appears by one rename, so an attempt that was cut
 * off leaves nothing that a later run could take for whole. Throws `SecantusDbMissing` with the way out.
 */
export async function ensureSecantusDb(
  log: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cache = cacheFolder(env);
  const target = join(cache, `secantusdb-${PINNED_SECANTUSDB}`);
  const python = join(target, 'bin', 'python');
  // The version of the interpreter may have changed since: then the packages of the old one are not found.
  if (await works(python)) return python;
  const partial = await draftFolder(cache, 'secantusdb');
  try {
    log(`secantusdb: installing the Python package secantusdb ${PINNED_SECANTUSDB} into ${target} (about 10 s)`);
    await makeEnvironment(partial, log);
    const fresh = join(partial, 'bin', 'python');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
    await run(fresh, [...pip, `secantusdb==${PINNED_SECANTUSDB}`], { timeout: 300_000 });
    if (!(await works(fresh))) throw new Error('it is installed, but does not run here');
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } catch (error) {
    // Another process may have finished first: its environment is as good as ours.
    if (await works(python)) return python;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SecantusDbMissing(`no SecantusDB here (needs Python 3.10 or newer with venv and pip): ${reason.trim()}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return python;
}

async function works(python: string): Promise<boolean> {
  try {
    await access(python);
    const { stdout } = await run(
      python,
      ['-c', 'import secantus.cli, importlib.metadata as m; print(m.version("secantusdb"))'],
      {
        timeout: 30_000,
      },
    );
    return stdout.trim() === PINNED_SECANTUSDB;
  } catch {
    // Missing, or made for a Python that is gone: both mean "install it again".
    return false;
  }
}

/** Debian's python3 comes without venv: as root, its package is installed. */
async function makeEnvironment(folder: string, log: (line: string) => void): Promise<void> {
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: 120_000 });
    return;
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    log('secantusdb: python3 with venv is missing: installing the packages python3 and python3-venv (apt-get)');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env, timeout: 120_000 });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3', 'python3-venv'], {
    env,
    timeout: 300_000,
  });
  await run('python3', ['-m', 'venv', folder], { timeout: 120_000 });
}
