import type { LeaseSector, VmCopy } from '#ports';
import { isOurs } from './adopt-copy.ts';
import { changeLease } from './change-lease.ts';
import type { AgentReply, ExpectCommand, MigrateCommand } from './commands.ts';
import { markStopped } from './mark-stopped.ts';
import type { CopyPorts } from './start-copy.ts';
import { endCopy } from './stop-copy.ts';

/** The target's part before a migration: what is left of an earlier one goes, and the coming copy is not taken for a stranger. */
export async function expectCopy(ports: CopyPorts, { vm, epoch, attempt }: ExpectCommand): Promise<AgentReply> {
  const { storage, guardian, incoming, node } = ports;
  if (ports.isStopping()) return { ok: false, code: 'STOPPING', why: `${node} shuts down`, definite: true };
  if (!guardian.mayRun()) {
    return { ok: false, code: 'ISOLATED', why: `${node} may run nothing now (${guardian.mode})`, definite: true };
  }
  const sector = await storage.readLease(vm);
  if (sector !== undefined && sector.epoch >= epoch) {
    const why = `${sector.node} has it since epoch ${sector.epoch}`;
    return { ok: false, code: 'SUPERSEDED', why, definite: true, holder: sector.node };
  }
  if (sector === undefined || !isOurs(ports, sector)) await endCopy(ports, vm, 0);
  incoming.expect(vm, epoch, attempt);
  return { ok: true, detail: 'expected' };
}

/**
 * The source's part: migrates the copy, which arrives suspended, then gives the lease sector back. From then on the VM runs
 * nowhere, and may be started wherever the database leases it. Idempotent by epoch; asked again after a restart of the agent
 * it says what it knows: given back, still here, or not here (a fresh start is due).
 */
export async function migrateCopy(ports: CopyPorts, command: MigrateCommand): Promise<AgentReply> {
  const { vm, epoch } = command;
  const sector = await ports.storage.readLease(vm);
  const mine = sector?.node === ports.node && sector.epoch === epoch;
  if (mine && sector.status === 'released') return { ok: true, detail: 'given back before' };
  if (mine && sector.status === 'stopped') return stoppedByWish();
  if (!mine || !isOurs(ports, sector)) {
    const holder = sector?.node;
    const why =
      sector === undefined ? 'nobody has it' : `${sector.node} has it (${sector.status}, epoch ${sector.epoch})`;
    return { ok: false, code: 'SUPERSEDED', why, definite: true, ...(holder === undefined ? {} : { holder }) };
  }
  if (ports.migrated.get(vm) !== epoch) {
    const failure = await moveAway(ports, command, sector);
    if (failure !== undefined) return failure;
    ports.migrated.set(vm, epoch);
  }
  return await letGo(ports, sector);
}

/** Undefined: it has arrived, and is off here. */
async function moveAway(
  ports: CopyPorts,
  { vm, epoch, to }: MigrateCommand,
  sector: LeaseSector,
): Promise<AgentReply | undefined> {
  const { hypervisor, guardian, underWay } = ports;
  const copyNow = async () => (await hypervisor.list()).find((copy) => copy.vm === vm);
  const before = await copyNow();
  if (before === undefined || before.state === 'off') {
    return await whyGone(ports, sector, before, 'it does not run here');
  }
  if (before.state !== 'running' || !guardian.mayRun()) {
    return {
      ok: false,
      code: 'MIGRATE_FAILED',
      why: `it is ${before.state}, guardian ${guardian.mode}`,
      definite: true,
    };
  }
  // A failed migration may let the copy run again at any time: until it ended, the guardian counts it as running.
  return await underWay.during(vm, async () => {
    try {
      await hypervisor.migrate(vm, to, epoch + 1);
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const after = await copyNow();
      if (after === undefined || after.state === 'off') {
        return await whyGone(ports, sector, after, `gone while it was migrated: ${why}`);
      }
      return { ok: false, code: 'MIGRATE_FAILED', why, definite: true };
    }
  });
}

/**
 * Off, and nobody knows whether it arrived: what may have arrived is void, the VM is started anew. Unless its guest shut
 * itself down here meanwhile: that is said on storage before anybody can start it (T7b).
 */
async function whyGone(
  ports: CopyPorts,
  sector: LeaseSector,
  copy: VmCopy | undefined,
  why: string,
): Promise<AgentReply> {
  const isOwnWish = copy?.reason === 'guest-shutdown' && !ports.isStopping();
  if (isOwnWish && (await markStopped(ports, sector))) {
    return stoppedByWish();
  }
  return { ok: false, code: 'NOT_HERE', why, definite: true };
}

/** Also told whoever asks again: the first answer may have been lost. */
function stoppedByWish(): AgentReply {
  return { ok: false, code: 'STOPPED_BY_WISH', why: 'its guest shut itself down (T7b)', definite: true };
}

async function letGo({ storage }: CopyPorts, sector: LeaseSector): Promise<AgentReply> {
  const next: LeaseSector = { ...sector, generation: sector.generation + 1, status: 'released' };
  if (await changeLease(storage, sector, next)) return { ok: true, detail: 'migrated, its lease given back' };
  return { ok: false, code: 'RACED', why: 'its lease sector changed meanwhile', definite: false };
}
