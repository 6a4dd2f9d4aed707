import { sleep } from '#actors';
import type { VmId } from '#machines';
import { changeLease } from './change-lease.ts';
import type { AgentReply, StopCommand } from './commands.ts';
import type { CopyPorts } from './start-copy.ts';

/** Between two looks whether the guest has shut down. */
const LOOK_MS = 500;

/** A user's wish: shuts the guest down, forces it off after the grace, and marks the lease sector `stopped`. Idempotent. */
export async function stopCopy(ports: CopyPorts, { vm, epoch, graceMs }: StopCommand): Promise<AgentReply> {
  const { storage, node } = ports;
  const sector = await storage.readLease(vm);
  if (sector !== undefined && (sector.node !== node || sector.epoch > epoch)) {
    const why = `${sector.node} has it since epoch ${sector.epoch}`;
    return { ok: false, code: 'SUPERSEDED', why, definite: true, holder: sector.node };
  }
  await endCopy(ports, vm, graceMs);
  if (sector === undefined || sector.status === 'stopped') return { ok: true, detail: 'stopped' };
  const next = { ...sector, generation: sector.generation + 1, status: 'stopped' as const };
  if (await changeLease(storage, sector, next)) return { ok: true, detail: 'stopped' };
  return { ok: false, code: 'RACED', why: 'its lease sector changed meanwhile', definite: false };
}

/** Ends the copy here, gently while the grace lasts. Afterwards nothing of it is left on this host. */
export async function endCopy({ hypervisor, clock }: CopyPorts, vm: VmId, graceMs: number): Promise<void> {
  const stateNow = async () => (await hypervisor.list()).find((copy) => copy.vm === vm)?.state;
  if ((await stateNow()) === 'running' && graceMs > 0) {
    await hypervisor.shutdown(vm);
    const untilMs = clock.nowMs() + graceMs;
    while ((await stateNow()) === 'running' && clock.nowMs() < untilMs) await sleep(clock, LOOK_MS);
  }
  if ((await stateNow()) !== undefined) {
    await hypervisor.destroy(vm);
    await hypervisor.remove(vm);
  }
}
