import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { HypervisorError } from '#ports';
import { siblingProgram } from '../../setup/sibling-program.ts';

/** A guest's process for good: process numbers are reused, one together with its start time is not. */
export interface GuestProcess {
  readonly pid: number;
  /** Clock ticks since boot, from /proc. */
  readonly start: string;
}

/** What the kernel says of it: `stopped` by SIGSTOP, `gone` also when it only waits to be reaped. */
export function guestProcessState(guest: GuestProcess): 'runs' | 'stopped' | 'gone' {
  const fields = statOf(guest.pid);
  if (fields === undefined || fields.start !== guest.start || 'ZX'.includes(fields.state)) return 'gone';
  return 'Tt'.includes(fields.state) ? 'stopped' : 'runs';
}

/** Sends to exactly that process; nothing when it is gone. */
export function signalGuest(guest: GuestProcess, signal: NodeJS.Signals): void {
  if (guestProcessState(guest) !== 'gone') process.kill(guest.pid, signal);
}

/** Resolves when the guest is up. It outlives this process: VMs outlive their agent. Throws `HypervisorError`. */
export function spawnGuest(args: readonly string[], env: NodeJS.ProcessEnv): Promise<GuestProcess> {
  const program = siblingProgram(import.meta.filename, 'simulated-guest');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new HypervisorError('cannot start a simulated guest', { cause })));
    child.on('exit', (status, signal) =>
      reject(new HypervisorError(`the simulated guest ended (${signal ?? status})`)),
    );
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.unref();
      const start = child.pid === undefined ? undefined : statOf(child.pid)?.start;
      if (child.pid === undefined || start === undefined) reject(new HypervisorError('the simulated guest is gone'));
      else resolve({ pid: child.pid, start });
    });
  });
}

/** The disk that it was started with. Throws `HypervisorError` when it is gone. */
export function diskOf({ pid }: GuestProcess): string {
  try {
    const disk = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').at(-3);
    if (disk !== undefined && disk !== '') return disk;
  } catch (cause) {
    throw new HypervisorError(`no process ${pid}`, { cause });
  }
  throw new HypervisorError(`process ${pid} is no simulated guest`);
}

function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
  return { state: fields[0] ?? 'X', start: fields[19] ?? '' };
}
