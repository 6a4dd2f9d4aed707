import { existsSync } from 'node:fs';

/**
 * For labs: the storage link of a process counts as cut while that file exists (it must lie on a file system that always
 * answers). A stand-in for a pulled cable: calls hang until their deadline, as on a dead link. Unlike on a real one,
 * nothing that was refused here lands later, and locks held elsewhere are not lost.
 */
export function markerGate(file: string): () => boolean {
  return () => existsSync(file);
}
