import type { Bus } from '#actors';
import { type Lease, type NodeId, nodeId, type VmId } from '#machines';
import { type Database, HypervisorError, type SharedStorage } from '#ports';
import { askAgent } from './ask-agent.ts';
import { changeVm, readVm, stopped, stopping } from './vm-records.ts';

/** How long a guest may take to shut down at a user's stop. */
const STOP_GRACE_MS = 30_000;

export interface StopVmPorts {
  readonly database: Pick<Database, 'get' | 'replace'>;
  readonly storage: Pick<SharedStorage, 'readLease'>;
  readonly bus: Pick<Bus, 'request'>;
}

/**
 * A user's stop: the wish first, so that whatever happens to its node from now on nobody brings it back (T7b); then the copy.
 * `signal`: a user has started it since. From then on neither is written or asked for: the wish would undo the start in the
 * database, the stop might reach what came of it. Throws when it was not stopped, or no longer is to be.
 */
export async function stopVm(ports: StopVmPorts, vm: VmId, signal: AbortSignal): Promise<void> {
  const { database } = ports;
  if ((await readVm(database, vm)) === undefined) return;
  const { lease } = await changeVm(database, vm, (document) => {
    signal.throwIfAborted();
    return stopping(document);
  });
  await stopHolder(ports, vm, lease, signal);
  await changeVm(database, vm, (document) => (signal.aborted ? undefined : stopped(document)));
}

/** Ends the copy of a VM that has no document any more, wherever its lease sector says that it is. */
export async function endRemoved(ports: StopVmPorts, vm: VmId, signal: AbortSignal): Promise<void> {
  await stopHolder(ports, vm, null, signal);
}

/**
 * The sector says who has it: a node that the database leased it to since may never have taken it. A host that cannot
 * read it asks that node, which knows.
 */
async function stopHolder(ports: StopVmPorts, vm: VmId, lease: Lease | null, signal: AbortSignal): Promise<void> {
  const { database, storage, bus } = ports;
  const sector = await storage.readLease(vm).catch((error: unknown) => {
    if (lease === null) throw error;
    return undefined;
  });
  const isHeld = sector?.status === 'held';
  // Its lease moved on while the sector was read: a user starts it again, and this stop must not reach what comes of that.
  if (lease !== null && isHeld && sector.epoch > lease.epoch) await assertStillStopped(database, vm, lease);
  const node = isHeld ? sector.node : lease?.node;
  const epoch = Math.max(isHeld ? sector.epoch : 0, lease?.epoch ?? 0);
  if (node === undefined || epoch === 0) return;
  const stop = (on: NodeId) => {
    signal.throwIfAborted();
    return askAgent(bus, on, { do: 'stop', vm, epoch, graceMs: STOP_GRACE_MS }, STOP_GRACE_MS * 2);
  };
  let reply = await stop(node);
  if (!reply.ok && reply.holder !== undefined && reply.holder !== node) reply = await stop(nodeId(reply.holder));
  if (!reply.ok) throw new HypervisorError(`${node} did not stop ${vm}: ${reply.why}`);
}

/** Throws when the VM was leased or started since that lease was read. */
async function assertStillStopped(database: StopVmPorts['database'], vm: VmId, { epoch }: Lease): Promise<void> {
  const now = await readVm(database, vm);
  if (now?.recorded === 'stopped' && now.lease?.epoch === epoch) return;
  throw new HypervisorError(`${vm} is leased anew since it was to be stopped under epoch ${epoch}: looking again`);
}
