import type { NodeId, VmId } from '#machines';
import type { SimHost } from '../world/host.ts';

/**
 * G2: the VMs of which more than one copy can write at this instant, each with the hosts. A copy on a stalled host writes
 * nothing until the stall ends, and is counted again then.
 */
export function doubleCopies(hosts: Iterable<SimHost>): ReadonlyMap<VmId, readonly NodeId[]> {
  const running = new Map<VmId, NodeId[]>();
  for (const host of hosts) {
    if (!host.alive) continue;
    for (const copy of host.copies.values()) {
      if (copy.state !== 'running') continue;
      const known = running.get(copy.vm);
      if (known === undefined) running.set(copy.vm, [host.name]);
      else known.push(host.name);
    }
  }
  for (const [vm, where] of running) if (where.length < 2) running.delete(vm);
  return running;
}
