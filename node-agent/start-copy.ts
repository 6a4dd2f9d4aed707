import type { Clock } from '#actors';
import type { NodeId, VmId } from '#machines';
import type { Database, Hypervisor, LeaseSector, SharedStorage, VmCopy } from '#ports';
import { isLatest, type Lineage } from './adopt-copy.ts';
import { changeLease } from './change-lease.ts';
import type { AgentReply, StartCommand } from './commands.ts';
import type { CopiesUnderWay } from './copies-under-way.ts';
import type { GuardianRunner } from './guardian-runner.ts';
import type { IncomingCopies } from './incoming-copies.ts';
import { takeLease } from './take-lease.ts';
import { readVm } from './vm-records.ts';

export interface CopyPorts {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly database: Database;
  readonly storage: SharedStorage;
  readonly hypervisor: Hypervisor;
  readonly underWay: CopiesUnderWay;
  readonly incoming: IncomingCopies;
  readonly lineage: Lineage;
  /** Epochs of the copies that this process saw arrive elsewhere by migration. */
  readonly migrated: Map<VmId, number>;
  readonly guardian: GuardianRunner;
  readonly incarnation: () => number;
  /** The highest slot sequence attempted so far. */
  readonly slotSequence: () => number;
  /** True once the host shuts down: nothing starts here any more. */
  readonly isStopping: () => boolean;
}

/** Starts, adopts or resumes a VM here for an epoch; safe to repeat until the answer is definite. */
export async function startCopy(ports: CopyPorts, command: StartCommand): Promise<AgentReply> {
  const { node, database, storage, underWay, guardian } = ports;
  const { spec, epoch } = command;
  if (ports.isStopping()) return { ok: false, code: 'STOPPING', why: `${node} shuts down`, definite: true };
  // Nothing was done: definite, so that another node may be asked.
  if (!guardian.mayRun()) {
    return { ok: false, code: 'ISOLATED', why: `${node} may run nothing now (${guardian.mode})`, definite: true };
  }
  const lease = (await readVm(database, spec.vm))?.lease ?? null;
  if (lease?.node !== node || lease.epoch !== epoch) {
    const held = lease === null ? 'nobody' : `${lease.node} for epoch ${lease.epoch}`;
    return {
      ok: false,
      code: 'LEASE_NOT_MINE',
      why: `the database leases it to ${held}, not ${epoch}`,
      definite: true,
    };
  }
  return underWay.during(spec.vm, async () => {
    const self = { node, incarnation: ports.incarnation(), sequence: ports.slotSequence() };
    const taken = await takeLease(storage, self, command, (sector) => clearStale(ports, command, sector));
    if (!taken.ok) return taken;
    try {
      return await run(ports, command);
    } catch (error) {
      return await giveBack(ports, command, taken.sector, error);
    }
  });
}

async function copyOf({ hypervisor }: CopyPorts, vm: VmId): Promise<VmCopy | undefined> {
  return (await hypervisor.list()).find((copy) => copy.vm === vm);
}

/**
 * Before the sector is taken: a copy from the past goes. Afterwards it would look like ours, to this process or, after a
 * crash, to the next one.
 */
async function clearStale(
  ports: CopyPorts,
  { spec, epoch, attempt }: StartCommand,
  sector: LeaseSector | undefined,
): Promise<void> {
  const { hypervisor, lineage } = ports;
  const copy = await copyOf(ports, spec.vm);
  if (copy === undefined || copy.state === 'off') return;
  if (isLatest(ports, copy, sector, attempt)) return lineage.keep(spec.vm, copy.epoch, epoch);
  await hypervisor.destroy(spec.vm);
  await hypervisor.remove(spec.vm);
}

async function run(ports: CopyPorts, { spec, epoch }: StartCommand): Promise<AgentReply> {
  const { hypervisor, guardian, node } = ports;
  const copy = await copyOf(ports, spec.vm);
  // Nothing may come between this check and the call: the guardian already counts this copy as running.
  if (!guardian.mayRun()) {
    return { ok: false, code: 'ISOLATED', why: `${node} lost its storage while starting it`, definite: false };
  }
  if (copy?.state === 'running') return { ok: true, detail: 'ran here already' };
  if (copy?.state === 'suspended') {
    await hypervisor.resume(spec.vm);
    ports.incoming.forget(spec.vm);
    return { ok: true, detail: 'resumed' };
  }
  await hypervisor.start(spec, epoch);
  return { ok: true, detail: 'started' };
}

/** Definite only once the copy is gone and the sector says that nobody has it. Throws when that is not certain. */
async function giveBack(
  { hypervisor, storage }: CopyPorts,
  { spec }: StartCommand,
  sector: LeaseSector,
  cause: unknown,
): Promise<AgentReply> {
  await hypervisor.remove(spec.vm);
  const released = { ...sector, generation: sector.generation + 1, status: 'released' as const };
  const why = cause instanceof Error ? cause.message : String(cause);
  if (await changeLease(storage, sector, released)) return { ok: false, code: 'START_FAILED', why, definite: true };
  return { ok: false, code: 'UNKNOWN', why: `${why}; and its lease sector changed meanwhile`, definite: false };
}
