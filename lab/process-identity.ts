import { readFileSync } from 'node:fs';

/** A process for good: numbers are reused, a number together with its start time (clock ticks since boot) is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

/** The process with that number now, or undefined when there is none or it is dead and only waits to be reaped. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone
  }
  // The name in parentheses may hold anything, spaces and parentheses too: fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined) throw new Error(`/proc/${pid}/stat cannot be read: ${stat}`);
  return state === 'Z' || state === 'X' ? undefined : { pid, start };
}

/** True while exactly that process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.start === identity.start;
}

/** Sends a signal to exactly that process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
