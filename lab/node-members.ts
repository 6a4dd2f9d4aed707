import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/**
 * What tells a node's processes from all others. `namespace`: they share a PID namespace of their own, so the kernel
 * kills them all with its first process. `mark`: their environment names the node's own folder, as ours does by a
 * variable of its own and libvirt's daemon and QEMUs do by HOME.
 */
export type NodeBoundary =
  | { readonly kind: 'namespace'; readonly inode: string }
  | { readonly kind: 'mark'; readonly folder: string };

/** Carries a node's folder in the environment of its processes. */
export const FOLDER_VARIABLE = 'UNDERSTUDY_NODE_FOLDER';

/** Every living process inside the boundary, this process never. */
export function nodeMembers(boundary: NodeBoundary): ProcessIdentity[] {
  const members: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || !isInside(pid, boundary)) continue;
    const identity = identityOf(pid);
    if (identity !== undefined) members.push(identity);
  }
  return members;
}

/** The PID namespace of a process's children, undefined when it is gone or shares ours. */
export function childNamespaceOf(pid: number): string | undefined {
  try {
    const inode = readlinkSync(`/proc/${pid}/ns/pid_for_children`);
    return inode === readlinkSync('/proc/self/ns/pid') ? undefined : inode;
  } catch {
    return undefined;
  }
}

function isInside(pid: number, boundary: NodeBoundary): boolean {
  try {
    if (boundary.kind === 'namespace') return readlinkSync(`/proc/${pid}/ns/pid`) === boundary.inode;
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const { folder } = boundary;
    return environment.some((entry) => entry === `${FOLDER_VARIABLE}=${folder}` || entry.startsWith(`HOME=${folder}/`));
  } catch {
    return false; // gone, or another user's
  }
}
