import { readFileSync } from 'node:fs';
import { LabError } from './lab-error.ts';
import { type NodeBoundary, nodeMembers } from './node-members.ts';
import { type ProcessIdentity, signalProcess } from './process-identity.ts';

/** Kills the VM's QEMU on the node where one runs, as a crash would. Throws `LabError` when it runs nowhere. */
export function killGuest(vm: string, boundaries: readonly NodeBoundary[]): void {
  const killed = boundaries
    .flatMap((boundary) => nodeMembers(boundary))
    .filter((process_) => isGuest(process_, vm) && signalProcess(process_, 'SIGKILL'));
  if (killed.length === 0)
    throw new LabError(`no process of VM ${JSON.stringify(vm)} runs: see "npx understudy lab status"`);
}

/** libvirt names the guest in QEMU's arguments: `-name guest=web-1,debug-threads=on`; a simulated one is its script's first. */
function isGuest({ pid }: ProcessIdentity, vm: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const after = (found: (word: string) => boolean): string => words[words.findIndex(found) + 1] ?? '';
    const named = after((word) => word === '-name').split(',');
    return named.includes(`guest=${vm}`) || after((word) => /\/simulated-guest\.[jt]s$/.test(word)) === vm;
  } catch {
    return false; // ended meanwhile
  }
}
