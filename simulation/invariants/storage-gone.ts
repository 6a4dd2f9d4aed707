import type { NodeId, VmId } from '#machines';
import { Troubles } from './troubles.ts';
import { vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** After storage is back for all, each host finds that out with its next writes, and resumes its own. */
const RETURN_SECONDS = 60;

/**
 * B3: storage gone for the whole cluster takes no VM from its host: while it is gone, and while the hosts come back from that,
 * no lease leaves a suspended copy whose host had no other trouble.
 */
export function storageLossMovesNothing(watch: Watch): Watcher {
  const { world, nowSeconds, violate } = watch;
  const troubles = new Troubles(watch);
  const touched = new Set<VmId>();
  const placedByRules = new Set(watch.scenario.rules.flatMap((rule) => rule.vms));
  const wasOn = new Map<VmId, NodeId>();
  let until = 0;
  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm !== undefined) touched.add(vm);
      if (event.do === 'storage-target-up') until = nowSeconds() + RETURN_SECONDS;
      else if (event.do === 'storage-target-down') {
        until = Number.POSITIVE_INFINITY;
        wasOn.clear();
        for (const { vm: id, node, status } of world().storage.leases.values()) {
          if (status === 'held' && world().hosts.get(node)?.copies.get(id)?.state === 'running') wasOn.set(id, node);
        }
      } else troubles.note(event);
    },
    log: ({ what, vm }) => {
      if (what === 'migrate' && vm !== undefined) touched.add(vm as VmId); // the product's logs name VMs by id
    },
    leaseWritten: (before, { vm, node, epoch }) => {
      const home = wasOn.get(vm);
      if (home === undefined || nowSeconds() > until || before?.node !== home || node === home) return;
      const isTouched = touched.has(vm) || placedByRules.has(vm) || troubles.has(home);
      if (isTouched || world().hosts.get(home)?.copies.get(vm)?.state !== 'suspended') return;
      violate(
        'B3: storage gone for all moves nothing',
        `${vm} stood on ${home}, which lost nothing else, and goes to ${node} for epoch ${epoch}`,
      );
    },
  };
}
