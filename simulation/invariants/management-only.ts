import type { VmId } from '#machines';
import { Troubles } from './troubles.ts';
import { vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** T6: a host that lost nothing but management keeps its VMs: none is suspended, ended or brought back elsewhere. */
export function managementLossTakesNothing(watch: Watch): Watcher {
  const troubles = new Troubles(watch);
  const touched = new Set<VmId>();
  const placedByRules = new Set(watch.scenario.rules.flatMap((rule) => rule.vms));
  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm !== undefined) touched.add(vm);
      troubles.note(event);
    },
    log: ({ what, vm }) => {
      // A move that was decided is no recovery.
      if (what === 'migrate' && vm !== undefined) touched.add(vm as VmId); // the product's logs name VMs by id
    },
    copyChanged: (host, copy, before) => {
      const { vm, reason } = copy;
      if (before !== 'running' || copy.state === 'running' || touched.has(vm) || placedByRules.has(vm)) return;
      if ((copy.state === 'off' && reason !== 'destroyed') || troubles.has(host.name)) return;
      const what = copy.state === 'suspended' ? 'suspended' : 'ended';
      watch.violate(
        'T6: no recovery when only management is lost',
        `${vm} was ${what} on ${host.name}, which lost nothing else`,
      );
    },
  };
}
