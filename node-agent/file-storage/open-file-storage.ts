import { randomUUID } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { StorageUnavailable } from '#ports';
import { type AreaLayout, type AreaSize, readLayout } from './area-layout.ts';
import { type ByteRangeLock, ofdLock } from './byte-range-lock.ts';
import type { CallLimits } from './call.ts';
import { StoreRefused } from './errors.ts';
import { FileSharedStorage } from './file-shared-storage.ts';
import { localLocks } from './local-locks.ts';
import { probeCompareAndWrite } from './probe.ts';
import { SectorFile } from './sector-file.ts';
import { SectorLane } from './sector-lane.ts';
import { withinDeadline } from './within-deadline.ts';

/** `lock` and `direct: false` (no O_DIRECT) are for the tests. */
export interface FileStorageOptions extends CallLimits {
  readonly lock?: ByteRangeLock;
  readonly direct?: boolean;
  /** All nodes are on this one machine (lab, tests): then a local file system does. */
  readonly oneMachine?: boolean;
}

/**
 * Opens an area made by `createArea` and probes it. Throws `StoreRefused` (terminal) where the file is no area, two
 * writers can win a race, or its locks bind this host only; `StorageUnavailable` when it cannot be opened or does not
 * answer within the deadline.
 */
export async function openFileStorage(path: string, options: FileStorageOptions): Promise<FileSharedStorage> {
  const { lock = ofdLock(), direct = true, oneMachine = false, ...limits } = options;
  const open = async (): Promise<SectorLane> => {
    const late = () => new StorageUnavailable(`${path}: not opened within ${limits.deadlineMs} ms`);
    const opening = SectorFile.open(path, lock, direct);
    return new SectorLane(
      await withinDeadline(limits.clock, limits.deadlineMs, opening, late, (file) => void file.close()),
      limits,
    );
  };
  const lanes: SectorLane[] = [];
  const lane = async (): Promise<SectorLane> => {
    const opened = await open();
    lanes.push(opened);
    return opened;
  };
  try {
    const three = { slots: await lane(), leases: await lane(), reads: await lane() };
    if (!oneMachine) await refuseLocalLocks(path);
    const layout = await three.reads.run(`open ${path}`, () => readWholeLayout(three.reads.file));
    await probeCompareAndWrite(lanes, layout, randomUUID());
    return new FileSharedStorage(describe(path, layout, three.slots.file.direct), layout, three);
  } catch (error) {
    await Promise.allSettled(lanes.map((opened) => opened.close())); // the first error is the one to tell
    throw error;
  }
}

async function refuseLocalLocks(path: string): Promise<void> {
  const why = localLocks(await readFile('/proc/self/mountinfo', 'utf8'), await realpath(path));
  if (why !== undefined) throw new StoreRefused(`${path}: ${why}, so its locks do not bind other hosts`);
}

async function readWholeLayout(file: SectorFile): Promise<AreaLayout & AreaSize> {
  const layout = readLayout(file.path, await file.read(0, 1));
  await file.read(layout.sectors - 1, 1); // throws when the file is cut short
  return layout;
}

function describe(path: string, { nodes, vms }: AreaSize, direct: boolean): string {
  const cache = direct ? 'O_DIRECT' : 'NO O_DIRECT HERE: through the page cache, fsync after each write';
  return `file ${path} (${nodes} nodes, ${vms} VMs; ${cache}; OFD locks)`;
}
