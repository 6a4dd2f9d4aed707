import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Older servers let two writers win the same compare-and-set at three replicas. */
export const OLDEST_NATS = '2.11.0';
/** The release that is installed when none is there. */
export const PINNED_NATS = '2.15.1';

/** Is version `version` at least `oldest`? Both `major.minor.patch`; anything unreadable is too old. */
export function isAtLeast(version: string, oldest: string): boolean {
  const parts = (text: string): number[] => (/^(\d+)\.(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const have = parts(version);
  const need = parts(oldest);
  if (have.length !== 3) return false;
  for (let i = 0; i < 3; i += 1) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The version the program at `path` reports; undefined when it cannot be run or is no nats-server. */
export async function natsVersionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return /^nats-server: v(\S+)/.exec(stdout.trim())?.[1];
  } catch {
    // Missing, not executable or for another processor: all mean "not a usable server here".
    return undefined;
  }
}
