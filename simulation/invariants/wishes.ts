import type { NodeId, VmId } from '#machines';
import type { SimProcess } from '../world/sim-process.ts';
import { Troubles } from './troubles.ts';
import { vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** A guest that shut itself down, and the agent that must have seen it. */
interface OwnStop {
  readonly node: NodeId;
  readonly witness: SimProcess;
}

/**
 * T7b: a VM that was stopped on its own or a user's wish is not brought back, until a user starts it. A wish counts once
 * it is recorded, or when an agent in no trouble saw it.
 */
export function stoppedStays(watch: Watch): Watcher {
  const { world, violate } = watch;
  const troubles = new Troubles(watch);
  const recorded = new Set<VmId>();
  const ownStops = new Map<VmId, OwnStop>();
  const wished = new Set<VmId>();

  function whyStopped(vm: VmId): string | undefined {
    if (recorded.has(vm)) return 'it was recorded as stopped';
    const own = ownStops.get(vm);
    if (own === undefined || troubles.has(own.node) || !own.witness.alive) return undefined;
    return `its guest had shut itself down on ${own.node}`;
  }

  return {
    happens: (event) => {
      troubles.note(event);
      const vm = vmOfEvent(event);
      if (vm === undefined) return;
      if (event.do === 'start' || event.do === 'add' || event.do === 'set') {
        recorded.delete(vm);
        ownStops.delete(vm);
        wished.add(vm);
      } else if (event.do === 'stop') wished.delete(vm);
    },
    documentChanged: (collection, id, before, after) => {
      if (collection !== 'vms') return;
      const vm = id as VmId; // the id of a VM's document
      const isStop = after?.recorded === 'stopped' && before?.recorded !== 'stopped';
      if (isStop && !wished.has(vm)) recorded.add(vm);
    },
    copyChanged: (host, copy, before) => {
      const { vm } = copy;
      if (copy.state === 'off' && copy.reason === 'guest-shutdown') {
        const { process } = world().host(host.name);
        if (process !== undefined && !wished.has(vm)) ownStops.set(vm, { node: host.name, witness: process });
      }
      if (copy.state !== 'running') return;
      const why = before === 'off' && !wished.has(vm) ? whyStopped(vm) : undefined;
      if (why !== undefined) {
        violate('T7b: what was stopped by wish stays stopped', `${vm} was started on ${host.name} although ${why}`);
      }
      ownStops.delete(vm);
    },
  };
}
