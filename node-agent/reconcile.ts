import type { VmId } from '#machines';
import type { LeaseSector, VmCopy } from '#ports';
import { isIncoming, isLatest, isOurs } from './adopt-copy.ts';
import { changeLease } from './change-lease.ts';
import { markStopped } from './mark-stopped.ts';
import type { PerVm } from './per-vm.ts';
import type { CopyPorts } from './start-copy.ts';
import { endCopy } from './stop-copy.ts';
import { isStopUnheard, type KnownStops, tellStop } from './tell-stop.ts';

/** What a VM actually is on this host, as told to its actor. */
export interface ActualState {
  readonly vm: VmId;
  readonly epoch: number;
  readonly state: 'running' | 'suspended' | 'off';
  readonly reason: NonNullable<VmCopy['reason']>;
}

export interface ReconcileOptions {
  readonly ports: CopyPorts;
  readonly perVm: PerVm;
  readonly knownStops: KnownStops;
  readonly report: (actual: ActualState) => void;
  readonly note: (what: string, vm: VmId, why: string) => void;
}

/**
 * Compares every copy here with its lease sector. Ours: a suspended one is claimed again and resumed (B2), one that is off
 * or missing is reported. Not ours: removed (B4). Stopped here, and nobody knows: said again (T7b). Does nothing while the host may run nothing. Idempotent.
 */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const { ports, perVm, knownStops, report } = options;
  if (!ports.guardian.mayRun()) return;
  const idle = await perVm.watching(async (touched) => {
    const sectors = await ports.storage.readLeases();
    const copies = new Map((await ports.hypervisor.list()).map((copy) => [copy.vm, copy]));
    // Of all the cluster's VMs the few that are, or should be, here.
    const leases = new Map<VmId, LeaseSector>();
    const vms = new Set(copies.keys());
    for (const sector of sectors) {
      const isOwn = sector.status === 'held' && sector.node === ports.node;
      const isUnheard = isStopUnheard(ports.node, knownStops, sector);
      if (isOwn || isUnheard) vms.add(sector.vm);
      if (isOwn || isUnheard || copies.has(sector.vm)) leases.set(sector.vm, sector);
    }
    return [...vms].filter((vm) => {
      if (perVm.isBusy(vm)) return false;
      const sector = leases.get(vm);
      const copy = copies.get(vm);
      // Untouched since the listing began, ours, and it runs: nothing to read again, only to report.
      if (touched.has(vm) || sector === undefined || copy?.state !== 'running' || !isOurs(ports, sector)) return true;
      report({ vm, epoch: sector.epoch, state: 'running', reason: copy.reason ?? 'unknown' });
      return false;
    });
  });
  await Promise.all(idle.map((vm) => perVm.run(vm, () => reconcileOne(options, vm))));
}

/** Reads again: between the listing and its turn the VM may have been commanded. */
async function reconcileOne({ ports, knownStops, report, note }: ReconcileOptions, vm: VmId): Promise<void> {
  const { storage, hypervisor, guardian, node } = ports;
  const sector = await storage.readLease(vm);
  const copy = (await hypervisor.list()).find((candidate) => candidate.vm === vm);
  if (sector === undefined || !isOurs(ports, sector)) {
    if (copy !== undefined && isIncoming(ports, copy, sector)) {
      const isWholeAndHeld = copy.state === 'suspended' && sector?.status === 'held';
      if (!ports.incoming.isLeftBehind(vm, isWholeAndHeld)) return;
      ports.incoming.forget(vm);
    }
    if (copy !== undefined && guardian.mayRun()) {
      const holder = sector === undefined ? 'nobody' : `${sector.node} (${sector.status}, epoch ${sector.epoch})`;
      if (copy.state !== 'off') note('clean-up', vm, `its lease sector says ${holder}, not ${node} (B4)`);
      await endCopy(ports, vm, 0);
    }
    // A holder of an earlier boot: this host lost it by rebooting.
    if (sector?.status === 'held' && sector.node === node && sector.incarnation < ports.incarnation()) {
      report({ vm, epoch: sector.epoch, state: 'off', reason: 'lost' });
    }
    if (sector !== undefined && isStopUnheard(node, knownStops, sector)) {
      await tellStop(ports, knownStops, sector, report);
    }
    return;
  }
  if (copy === undefined) return report({ vm, epoch: sector.epoch, state: 'off', reason: 'lost' });
  if (copy.state === 'suspended' && !isLatest(ports, copy, sector)) {
    if (!guardian.mayRun()) return;
    note('clean-up', vm, `suspended under epoch ${copy.epoch}, its lease is of epoch ${sector.epoch} (B4)`);
    await endCopy(ports, vm, 0);
    return report({ vm, epoch: sector.epoch, state: 'off', reason: 'lost' });
  }
  if (copy.state === 'suspended') return resumeOwn(ports, sector, note, report);
  if (copy.state === 'off' && copy.reason === 'guest-shutdown' && (await markStopped(ports, sector))) {
    note('stop', vm, 'its guest shut itself down (T7b)');
  }
  report({ vm, epoch: sector.epoch, state: copy.state, reason: copy.reason ?? 'unknown' });
}

/** Step 3 of the safety protocol: the slot was written again before (else `mayRun` is false), now the sector, then resume. */
async function resumeOwn(
  ports: CopyPorts,
  sector: LeaseSector,
  note: ReconcileOptions['note'],
  report: ReconcileOptions['report'],
): Promise<void> {
  const { storage, hypervisor, guardian, underWay, node } = ports;
  const { vm, epoch } = sector;
  await underWay.during(vm, async () => {
    if (!guardian.mayRun()) return;
    const next = { ...sector, generation: sector.generation + 1, sequence: ports.slotSequence() };
    if (!(await changeLease(storage, sector, next)) || !guardian.mayRun()) return;
    await hypervisor.resume(vm);
    note('resume', vm, `its lease sector is still ${node}'s (B2)`);
    report({ vm, epoch, state: 'running', reason: 'unknown' });
  });
}
