import { randomUUID } from 'node:crypto';
import { readLayout } from './area-layout.ts';
import { type ByteRangeLock, ofdLock } from './byte-range-lock.ts';
import type { CallLimits } from './call.ts';
import { FileSharedStorage } from './file-shared-storage.ts';
import { probeCompareAndWrite } from './probe.ts';
import { SectorFile } from './sector-file.ts';
import { SectorLane } from './sector-lane.ts';

/** `lock`: only the tests hand in another than the kernel's. */
export interface FileStorageOptions extends CallLimits {
  readonly lock?: ByteRangeLock;
}

const WRITERS = 3;

/**
 * Opens an area made by `createArea` and probes it. Throws `StoreRefused` (terminal) where the file is no area or two
 * writers can win a race, `StorageUnavailable` when it cannot be opened or does not answer. The open itself has no
 * deadline: on a dead network file system it returns when the kernel does.
 */
export async function openFileStorage(path: string, options: FileStorageOptions): Promise<FileSharedStorage> {
  const { lock = ofdLock(), ...limits } = options;
  const files: SectorFile[] = [];
  try {
    for (let count = 0; count < WRITERS; count += 1) files.push(await SectorFile.open(path, lock));
    const [slots, leases, reads] = files;
    if (slots === undefined || leases === undefined || reads === undefined) throw new Error('invariant: three lanes');
    const layout = readLayout(path, await slots.read(0, 1));
    await slots.read(layout.sectors - 1, 1); // the file is whole
    await probeCompareAndWrite(files, layout, limits, randomUUID());
    const cache = slots.direct
      ? 'O_DIRECT, OFD locks'
      : 'NO O_DIRECT HERE: through the page cache with fsync after each write, OFD locks';
    const description = `file ${path} (${layout.nodes} nodes, ${layout.vms} VMs; ${cache})`;
    return new FileSharedStorage(description, layout, {
      slots: new SectorLane(slots, limits),
      leases: new SectorLane(leases, limits),
      reads: new SectorLane(reads, limits),
    });
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
}
