import type { NodeId, VmId } from '#machines';
import type { SimHost } from '../world/host.ts';
import type { Watch, Watcher } from './watcher.ts';

/** G2: at any instant at most one copy of a VM can write. */
export function twoCopies({ world, violate }: Watch): Watcher {
  let dirty = true;
  let known = '';
  const latest = new Map<VmId, NodeId>();
  return {
    copyChanged: (host, copy) => {
      dirty = true;
      if (copy.state === 'running') latest.set(copy.vm, host.name);
    },
    // Also when the copy itself is gone or stands: another has run since, and its disk is not as it left it.
    diskWritten: (host, vm) => {
      const runner = latest.get(vm);
      if (runner === undefined || runner === host.name) return;
      violate(
        'G2: at most one copy can write',
        `a late write of ${vm} from ${host.name} lands after it ran on ${runner}`,
      );
    },
    happens: () => {
      dirty = true;
    },
    afterEvent: () => {
      if (!dirty) return;
      dirty = [...world().hosts.values()].some((host) => host.paused);
      const found = [...doubleCopies(world().hosts.values())].map(
        ([vm, where]) => `${vm} runs on ${where.join(' and ')}`,
      );
      const now = found.join('; ');
      if (now !== '' && now !== known) violate('G2: at most one copy can write', now);
      known = now;
    },
  };
}

/**
 * The VMs of which more than one copy can write at this instant, each with the hosts. A copy on a stalled host writes
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
