import type { VmId } from '#machines';
import type { SimCopy } from '../world/host.ts';
import type { Watch, Watcher } from './watcher.ts';

/**
 * B4: a suspended copy is resumed only if the VM ran nowhere else since it was suspended. Else its memory is older than its
 * disk, and what it writes back destroys what was written meanwhile, though only one copy writes.
 */
export function memoryIsLatest({ world, violate }: Watch): Watcher {
  /** How often any copy of a VM began to run. */
  const begun = new Map<VmId, number>();
  /** That number when a copy was suspended; NaN for one whose VM ran on at that instant. */
  const suspended = new WeakMap<SimCopy, number>();
  const runsElsewhere = (copy: SimCopy) =>
    [...world().hosts.values()].some((host) => {
      const other = host.copies.get(copy.vm);
      return host.powered && other !== undefined && other !== copy && other.state === 'running';
    });
  return {
    copyChanged: (host, copy, before) => {
      const times = begun.get(copy.vm) ?? 0;
      if (copy.state === 'suspended') suspended.set(copy, runsElsewhere(copy) ? Number.NaN : times);
      if (copy.state !== 'running') return;
      begun.set(copy.vm, times + 1);
      if (before !== 'suspended' || suspended.get(copy) === times) return;
      violate('B4: no memory from the past', `${copy.vm} was resumed on ${host.name}, but ran elsewhere since`);
    },
  };
}
