import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabFolder } from './lab-folder.ts';
import { endLeftNode } from './node-box.ts';
import { endServers } from './server-pids.ts';

/** A node's pid file; its name is the node's. */
export function nodePidFile(folder: LabFolder, node: string): string {
  return join(folder.pids, `node-${node}`);
}

/**
 * Ends every process that the folder's pid files name and removes what a lab makes, but not the lock. For a lab's own end
 * and for what a crashed one left; the caller holds the lock. Touches nothing that no lab made.
 */
export async function cleanUp(folder: LabFolder): Promise<void> {
  if (existsSync(folder.pids)) {
    const nodes = readdirSync(folder.pids).flatMap((name) => /^node-([^.]+)$/.exec(name)?.[1] ?? []);
    await Promise.all(nodes.map((node) => endLeftNode(nodePidFile(folder, node), folder.node(node))));
    await endServers(folder.pids);
  }
  const made = [folder.control, folder.shared, folder.nats, folder.database, join(folder.root, 'nodes'), folder.pids];
  for (const path of made) rmSync(path, { recursive: true, force: true });
}

/** Removes the folder itself, after the lock; leaves it when it holds anything a lab did not make. */
export function removeLabRoot(folder: LabFolder): void {
  try {
    rmdirSync(folder.root);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
  }
}
