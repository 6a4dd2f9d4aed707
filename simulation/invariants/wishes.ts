import type { VmId } from '#machines';
import { vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** So long an undisturbed agent may take to write down that a guest shut itself down. */
const NOTED_WITHIN_MS = 20_000;

/**
 * T7b: a VM that was stopped on its own or a user's wish is not brought back, until a user starts it. A wish counts once
 * it is recorded, or once its host had time to record it undisturbed.
 */
export function stoppedStays({ world, violate }: Watch): Watcher {
  const stopped = new Map<VmId, string>();
  const wished = new Set<VmId>();
  let disturbances = 0;
  return {
    happens: (event) => {
      disturbances += 1;
      const vm = vmOfEvent(event);
      if (vm === undefined) return;
      if (event.do === 'start' || event.do === 'add' || event.do === 'set') {
        stopped.delete(vm);
        wished.add(vm);
      } else if (event.do === 'stop') wished.delete(vm);
    },
    documentChanged: (collection, id, before, after) => {
      if (collection !== 'vms') return;
      const vm = id as VmId; // the id of a VM's document
      if (after?.recorded === 'stopped' && before?.recorded !== 'stopped') {
        if (!wished.has(vm)) stopped.set(vm, 'recorded as stopped');
      }
      if (after?.recorded === 'running') wished.delete(vm);
    },
    copyChanged: (host, copy, before) => {
      const { vm } = copy;
      if (copy.state === 'running') {
        const why = stopped.get(vm);
        if (why !== undefined && before === 'off' && !wished.has(vm)) {
          violate('T7b: what was stopped by wish stays stopped', `${vm} was started on ${host.name} although ${why}`);
        }
        return;
      }
      if (copy.reason !== 'guest-shutdown' || !host.alive) return;
      const { process } = host;
      const [seen, { boots }] = [disturbances, host];
      world().time.after(NOTED_WITHIN_MS, () => {
        const undisturbed = disturbances === seen && host.alive && host.boots === boots && host.process === process;
        if (undisturbed && !wished.has(vm) && host.copies.get(vm)?.state !== 'running') {
          stopped.set(vm, `its guest shut itself down ${NOTED_WITHIN_MS / 1000} s before on ${host.name}`);
        }
      });
    },
  };
}
