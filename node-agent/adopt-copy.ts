import type { VmId } from '#machines';
import type { LeaseSector, VmCopy } from '#ports';
import type { CopyPorts } from './start-copy.ts';

/** A copy that was started under one epoch and kept, without a gap in ownership, under later ones. */
export class Lineage {
  readonly #kept = new Map<VmId, { readonly copyEpoch: number; readonly epoch: number }>();

  keep(vm: VmId, copyEpoch: number, epoch: number): void {
    this.#kept.set(vm, { copyEpoch, epoch });
  }

  holds(vm: VmId, copyEpoch: number, epoch: number): boolean {
    const kept = this.#kept.get(vm);
    return copyEpoch === epoch || (kept?.copyEpoch === copyEpoch && kept.epoch === epoch);
  }
}

export function isOurs({ node, incarnation }: CopyPorts, sector: LeaseSector): boolean {
  return sector.status === 'held' && sector.node === node && sector.incarnation === incarnation();
}

/**
 * Whether a copy here is the latest state of its VM, given the lease sector. A suspended one is only if it was suspended
 * under the very lease that this host still has, or came by a migration after which the source gave the sector back, and it
 * is started for the very `attempt` that had it migrated.
 * Anything else is from the past: the VM may have run elsewhere since, and its memory no longer fits its disk (G2, B4).
 */
export function isLatest(ports: CopyPorts, copy: VmCopy, sector: LeaseSector | undefined, attempt?: string): boolean {
  if (sector === undefined || copy.state === 'off') return false;
  if (isOurs(ports, sector)) return copy.state === 'running' || ports.lineage.holds(copy.vm, copy.epoch, sector.epoch);
  const arrived = sector.status === 'released' && copy.epoch === sector.epoch + 1;
  if (!arrived || copy.state !== 'suspended' || attempt === undefined) return false;
  return ports.incoming.isFor(copy.vm, copy.epoch, attempt);
}

/**
 * A copy still on its way: its source runs, or gave the sector back and nobody took it yet. While it is prepared it may look
 * like one that is about to run; its CPUs do not run before this host resumes it.
 */
export function isIncoming({ incoming }: CopyPorts, copy: VmCopy, sector: LeaseSector | undefined): boolean {
  if (sector === undefined || sector.status === 'stopped' || copy.state === 'off') return false;
  return copy.epoch === sector.epoch + 1 && incoming.has(copy.vm, copy.epoch);
}
