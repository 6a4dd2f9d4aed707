import { execFile } from 'node:child_process';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';
import { draftFolder } from './draft-folder.ts';
import { runWhileGrowing } from './run-while-growing.ts';

const run = promisify(execFile);

/** A real `mongod` cannot be fetched on this machine. */
export class MongodMissing extends Error {
  override readonly name = 'MongodMissing';
  readonly code = 'MONGOD_MISSING';
  readonly retryable = false;
}

/** Programs for `node -e`, each given a folder: one prints where in it a `mongod` is, if any; one fetches it there. */
export interface MongodFetcher {
  readonly locate: string;
  readonly download: string;
  /** A download that does not grow for so long (ms) is given up. */
  readonly stallMs: number;
}

const SOURCE = 'https://fastdl.mongodb.org/';
/** Whoever cannot reach the source must not wait for it at each start. */
const REACH_DEADLINE_MS = 1500;
/** About 100 MB. */
const DOWNLOAD_DEADLINE_MS = 180_000;

// Processes of their own: a download cannot be called off otherwise. One line of error, not a stack of their code.
const IN_ONE_LINE = `catch((error) => { console.error(String(error?.message ?? error).replace(/\\s+/g, ' ')); process.exit(1); });`;
const MEMORY_SERVER: MongodFetcher = {
  locate: `
const { DryMongoBinary } = require('mongodb-memory-server-core/lib/util/DryMongoBinary');
DryMongoBinary.generateOptions({ downloadDir: process.argv[1] })
  .then((options) => DryMongoBinary.locateBinary(options))
  .then((path) => console.log(path ?? '')).${IN_ONE_LINE}`,
  download: `
const { MongoBinary } = require('mongodb-memory-server-core');
MongoBinary.getPath({ downloadDir: process.argv[1] }).then(() => undefined).${IN_ONE_LINE}`,
  stallMs: 8000,
};

/**
 * Path of a real `mongod`, fetched once into the user's cache by the package mongodb-memory-server-core (optional: npm
 * may have left it out). It appears there by one rename, so an attempt that failed or was cut off leaves nothing. Throws
 * `MongodMissing` with the reason: within 2 s when its source cannot be reached, 8 s after a download stands still.
 */
export async function ensureMongod(
  log: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
  fetcher: MongodFetcher = MEMORY_SERVER,
): Promise<string> {
  const folder = join(cacheFolder(env), 'mongod');
  try {
    const found = await locate(fetcher, folder);
    if (found !== undefined) return found;
    const source = env.MONGOMS_DOWNLOAD_MIRROR ?? SOURCE;
    await reach(source);
    log(`mongod: fetching MongoDB's own build from ${source} into ${folder} (about 100 MB, once)`);
    await download(fetcher, folder, log, env);
    const fetched = await locate(fetcher, folder);
    if (fetched === undefined) throw new Error('it was fetched, but does not run here');
    return fetched;
  } catch (error) {
    throw new MongodMissing(reasonOf(error), { cause: error });
  }
}

/** A program that is there but does not run counts as missing. */
async function locate({ locate: script }: MongodFetcher, folder: string): Promise<string | undefined> {
  const options = { timeout: 10_000, cwd: join(import.meta.dirname, '..'), killSignal: 'SIGKILL' as const };
  const { stdout } = await run(process.execPath, ['-e', script, folder], options);
  const path = stdout.trim().split('\n').at(-1) ?? '';
  return path !== '' && (await runs(path)) ? path : undefined;
}

async function download(
  { download: script, stallMs }: MongodFetcher,
  folder: string,
  log: (line: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const draft = await draftFolder(cacheFolder(env), 'mongod');
  try {
    const onProgress = (mb: number) => log(`mongod: ${mb} MB so far`);
    const limits = { folder: draft, stallMs, deadlineMs: DOWNLOAD_DEADLINE_MS, onProgress };
    await runWhileGrowing(process.execPath, ['-e', script, draft], limits);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch((error: unknown) => {
      // Another process may have finished first: its program is as good as ours.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function reach(source: string): Promise<void> {
  try {
    await fetch(source, { method: 'HEAD', signal: AbortSignal.timeout(REACH_DEADLINE_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${source} cannot be reached (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

async function runs(path: string): Promise<boolean> {
  try {
    await access(path);
    await run(path, ['--version'], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (/Cannot find module/.test(error.message)) return 'the optional npm package mongodb-memory-server-core is missing';
  if ('killed' in error && error.killed === true) return 'looking for it took too long';
  return error.message;
}
