import type { LeaseSector } from '#ports';
import { changeLease } from './change-lease.ts';
import type { CopyPorts } from './start-copy.ts';

/** T7b on storage, so that whoever recovers this host later does not start it. False when the sector changed meanwhile. */
export async function markStopped({ storage }: Pick<CopyPorts, 'storage'>, sector: LeaseSector): Promise<boolean> {
  return await changeLease(storage, sector, {
    ...sector,
    generation: sector.generation + 1,
    status: 'stopped',
  });
}
