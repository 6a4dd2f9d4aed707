import type { NodeId, VmId } from '#machines';
import { Troubles } from './troubles.ts';
import { nameOf, recordOf, vmOfEvent, type Watch, type Watcher } from './watcher.ts';

interface Waiting {
  readonly node: NodeId;
  /** Of that node, when it went down. */
  readonly boots: number;
}

/**
 * T5, policy `freeze`: what ran on a host that was shut down in order waits for that host, and is started nowhere else
 * before it has booted again. It counts for hosts without any other trouble whose last word was heard before anything else
 * was known of them, and for VMs that nobody was bringing back just then and of which no user says anything since.
 */
export function frozenWaits(watch: Watch): Watcher {
  const { world, violate } = watch;
  const troubles = new Troubles(watch);
  const states = new Map<string, string>();
  /** What ran on hosts that go down. */
  const goingDown = new Map<NodeId, readonly VmId[]>();
  const waiting = new Map<VmId, Waiting>();
  let freezes = false;

  function wordHeard(node: NodeId): void {
    const vms = goingDown.get(node) ?? [];
    goingDown.delete(node);
    const { boots } = world().host(node);
    for (const vm of vms) if (states.get(`vm/${vm}`) === 'running.active') waiting.set(vm, { node, boots });
  }

  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm !== undefined) waiting.delete(vm);
      if (freezes && (event.do === 'shutdown' || event.do === 'reboot')) {
        const host = world().host(event.node);
        const running = [...host.copies.values()].filter(({ state }) => state === 'running').map((copy) => copy.vm);
        if (host.alive && host.booted && !troubles.has(host.name)) goingDown.set(host.name, running);
      }
      troubles.note(event);
    },
    documentChanged: (collection, _id, _before, after) => {
      if (collection === 'settings') freezes = after?.shutdownPolicy === 'freeze';
    },
    committed: (entry) => {
      const { snapshot, cause } = recordOf(entry);
      const before = states.get(entry.address);
      if (entry.address.startsWith('vm/')) states.set(entry.address, nameOf(snapshot.value));
      if (!entry.address.startsWith('node/')) return;
      states.set(entry.address, nameOf(snapshot.value));
      const isLastWord = cause.event.type === 'word' && cause.event.state === 'off';
      if (isLastWord && before === 'up.healthy') wordHeard(entry.address.slice('node/'.length) as NodeId); // by its kind
    },
    copyChanged: (host, { vm, state }, before) => {
      const known = waiting.get(vm);
      if (known === undefined || state !== 'running' || before !== 'off') return;
      const { boots, booted } = world().host(known.node);
      waiting.delete(vm);
      if (host.name === known.node || (boots !== known.boots && booted)) return;
      violate(
        'T5: what is frozen waits for its host',
        `${vm} was started on ${host.name}, though ${known.node} was shut down in order and is not back`,
      );
    },
  };
}
