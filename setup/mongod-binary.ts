import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './nats-server.ts';

const run = promisify(execFile);

/** A real `mongod` cannot be fetched on this machine. */
export class MongodMissing extends Error {
  override readonly name = 'MongodMissing';
  readonly code = 'MONGOD_MISSING';
  readonly retryable = false;
}

const SOURCE = 'https://fastdl.mongodb.org/';
/** Whoever cannot reach the source must not wait for it at each start. */
const REACH_DEADLINE_MS = 1500;
/** About 100 MB. */
const DOWNLOAD_DEADLINE_MS = 180_000;

// In a process of its own: a download cannot be called off otherwise.
const LOCATE = `
const { DryMongoBinary } = require('mongodb-memory-server-core/lib/util/DryMongoBinary');
DryMongoBinary.generateOptions({ downloadDir: process.argv[1] })
  .then((options) => DryMongoBinary.locateBinary(options))
  .then((path) => console.log(path ?? ''));
`;
const DOWNLOAD = `
const { MongoBinary } = require('mongodb-memory-server-core');
MongoBinary.getPath({ downloadDir: process.argv[1] }).then((path) => console.log(path));
`;

/**
 * Path of a real `mongod`, fetched once into the user's cache by the package mongodb-memory-server-core (optional: npm
 * may have left it out). Throws `MongodMissing` with the reason, within 2 s when its source cannot be reached.
 */
export async function ensureMongod(log: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = join(cacheFolder(env), 'mongod');
  try {
    const found = await nodeScript(LOCATE, folder, 10_000);
    if (found !== '' && (await runs(found))) return found;
    const source = env.MONGOMS_DOWNLOAD_MIRROR ?? SOURCE;
    await reach(source);
    log(`mongod: fetching MongoDB's own build from ${source} into ${folder} (about 100 MB, once)`);
    const fetched = await nodeScript(DOWNLOAD, folder, DOWNLOAD_DEADLINE_MS);
    if (!(await runs(fetched))) throw new Error('it was fetched, but does not run here');
    return fetched;
  } catch (error) {
    throw new MongodMissing(reasonOf(error), { cause: error });
  }
}

async function nodeScript(script: string, argument: string, timeout: number): Promise<string> {
  const options = { timeout, cwd: join(import.meta.dirname, '..'), killSignal: 'SIGKILL' as const };
  const { stdout } = await run(process.execPath, ['-e', script, argument], options);
  return stdout.trim().split('\n').at(-1) ?? '';
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
  if ('killed' in error && error.killed === true) return 'fetching it took too long';
  const lines = error.message.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /Error/.test(line))?.trim() ?? lines[0] ?? 'it failed without a word';
}
