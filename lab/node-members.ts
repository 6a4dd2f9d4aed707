import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/**
 * What tells a node's processes from all others. `namespace`: they share a PID namespace of their own, so the kernel
 * kills them all with its first process. `mark`: they carry a text in their environment (the path of the node's own
 * folder, which also libvirt's QEMUs inherit).
 */
export type NodeBoundary =
  | { readonly kind: 'namespace'; readonly inode: string }
  | { readonly kind: 'mark'; readonly text: string };

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
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(boundary.text);
  } catch {
    return false; // gone, or another user's
  }
}
