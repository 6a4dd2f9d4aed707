import type { VmId } from '#machines';
import type { LeaseSector } from '#ports';
import type { ActualState } from './reconcile.ts';
import type { CopyPorts } from './start-copy.ts';
import { readVm } from './vm-records.ts';

/** Of each VM the generation of its sector, once the database was found to agree that it is stopped. */
export type KnownStops = Map<VmId, number>;

/** Marked `stopped` by this host, which has not yet seen that the database says so too. */
export function isStopUnheard(node: CopyPorts['node'], known: KnownStops, sector: LeaseSector): boolean {
  return sector.status === 'stopped' && sector.node === node && known.get(sector.vm) !== sector.generation;
}

/**
 * T7b: who was to record that the guest shut itself down may have been out of reach, and once the sector says `stopped` the
 * copy is nobody's. So it is told again, until the database no longer has it running under that lease. Throws what the
 * database throws: the next look tries again.
 */
export async function tellStop(
  { database, node }: Pick<CopyPorts, 'database' | 'node'>,
  known: KnownStops,
  { vm, epoch, generation }: LeaseSector,
  report: (actual: ActualState) => void,
): Promise<void> {
  const document = await readVm(database, vm);
  const { lease = null, recorded } = document ?? {};
  const isNews = recorded === 'running' && lease?.node === node && lease.epoch === epoch;
  if (isNews) report({ vm, epoch, state: 'off', reason: 'guest-shutdown' });
  else known.set(vm, generation);
}
