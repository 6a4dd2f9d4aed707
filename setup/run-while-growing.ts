import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface GrowingOptions {
  /** The folder that must grow while the program runs. */
  readonly folder: string;
  /** Without growth for that long it is killed. */
  readonly stallMs: number;
  readonly deadlineMs: number;
  /** Told every few seconds how many MB are there. */
  readonly onProgress: (mb: number) => void;
}

const LOOK_MS = 250;
const TELL_MS = 5000;
const KEPT_OUTPUT = 4000;

/** Runs a program that fetches something, and resolves with its standard output. Throws what it wrote as its last error line. */
export async function runWhileGrowing(file: string, args: readonly string[], options: GrowingOptions): Promise<string> {
  const { folder, stallMs, deadlineMs, onProgress } = options;
  const child = spawn(file, [...args], { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out = (out + chunk.toString()).slice(-KEPT_OUTPUT);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-KEPT_OUTPUT);
  });
  let status: number | string | undefined;
  child.once('close', (code, signal) => {
    status ??= code ?? signal ?? 'gone';
  });
  child.once('error', (error) => {
    status = String(error);
  });
  const beganMs = performance.now();
  let grown = { bytes: -1, atMs: beganMs };
  let toldMs = beganMs;
  while (status === undefined) {
    await delay(LOOK_MS);
    const nowMs = performance.now();
    const bytes = await sizeOf(folder);
    if (bytes !== grown.bytes) grown = { bytes, atMs: nowMs };
    const mb = Math.round(bytes / 1e6);
    if (nowMs - toldMs > TELL_MS) {
      toldMs = nowMs;
      onProgress(mb);
    }
    const late = nowMs - grown.atMs > stallMs ? `it stood still for ${Math.round(stallMs / 1000)} s` : undefined;
    const why = nowMs - beganMs > deadlineMs ? `it took more than ${Math.round(deadlineMs / 1000)} s` : late;
    if (why === undefined || status !== undefined) continue;
    child.kill('SIGKILL');
    throw new Error(`${why}, at ${mb} MB`);
  }
  if (status === 0) return out;
  throw new Error(errors.trim().split('\n').at(-1) || `it ended with ${status}`);
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const found = entry.isFile() ? await stat(join(entry.parentPath, entry.name)).catch(() => undefined) : undefined;
    return found?.size ?? 0; // renamed or removed meanwhile
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
