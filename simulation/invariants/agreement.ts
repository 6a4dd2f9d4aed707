import type { JournalEntry } from '#actors';
import type { VmId } from '#machines';
import type { SimHost } from '../world/host.ts';
import type { Settles } from './liveness.ts';
import { type Body, leaseIn, nameOf, recordOf, type Watch } from './watcher.ts';

/**
 * What is said of a VM may be on its way for so long, seconds: agents repeat it at least once a minute, a start that nobody
 * answers for is looked into after half a minute, and both may follow each other.
 */
const ON_ITS_WAY_SECONDS = 150;

/** States of a VM's actor in which it is at work for the VM, or knows that it does not run. */
const AWARE: readonly string[] = ['recovering', 'waiting', 'held', 'returning', 'failed', 'loading', 'loadingFailed'];
/** Those in which it holds the VM for running where its lease says. */
const HELD_FOR_RUNNING: readonly string[] = ['running.active', 'running.unconfirmed', 'moving'];

/**
 * When all faults are gone, the database, the lease sector, the copies and the VM's actor tell one story of each VM: it runs
 * exactly where its lease is, under that epoch, and whoever believes that it runs is right. Whatever disagrees for good would
 * be wrongly decided on later: room that nobody uses, a copy that nobody looks after, a stop sent to the wrong host.
 */
export function everythingAgrees({ world, nowSeconds, violate }: Watch): Settles {
  const documents = new Map<VmId, Body>();
  const actors = new Map<VmId, JournalEntry>();
  /** Since when what is now wrong with a VM has been. */
  const wrongSince = new Map<VmId, number>();

  function look(): ReadonlyMap<VmId, string> {
    const wrong = new Map<VmId, string>();
    const copied = [...world().hosts.values()].flatMap((host) => [...host.copies.keys()]);
    for (const vm of new Set([...documents.keys(), ...copied])) {
      const why = disagreement(vm);
      if (why === undefined) continue;
      wrong.set(vm, why);
    }
    for (const vm of wrongSince.keys()) if (!wrong.has(vm)) wrongSince.delete(vm);
    for (const vm of wrong.keys()) if (!wrongSince.has(vm)) wrongSince.set(vm, nowSeconds());
    return wrong;
  }

  function disagreement(vm: VmId): string | undefined {
    const document = documents.get(vm);
    const hosts = [...world().hosts.values()].filter((host) => host.powered);
    const [runner, ...others] = hosts.filter((host) => host.copies.get(vm)?.state === 'running');
    const stale = hosts.find((host) => host !== runner && host.copies.get(vm)?.state === 'suspended');
    if (others[0] !== undefined) return `runs on ${runner?.name} and ${others[0].name}`;
    if (runner !== undefined && stale !== undefined)
      return `runs on ${runner.name}, and ${stale.name} keeps a suspended copy (B4)`;
    if (document === undefined) return runner === undefined ? undefined : `runs on ${runner.name}, and has no document`;
    return runner === undefined ? whileDown(vm, document) : whileRunning(vm, document, runner);
  }

  function whileRunning(vm: VmId, document: Body, host: SimHost): string | undefined {
    const there = `runs on ${host.name}`;
    const copy = host.copies.get(vm);
    const { leases, slots } = world().storage;
    const sector = leases.get(vm);
    if (sector?.status !== 'held' || sector.node !== host.name)
      return `${there}, but ${sector?.node ?? 'nobody'} has its sector (${sector?.status})`;
    if (sector.incarnation !== slots.get(host.name)?.incarnation)
      return `${there}, but its sector is of incarnation ${sector.incarnation} of that host`;
    // A copy that was kept without a gap under later leases keeps the epoch of its start.
    if ((copy?.epoch ?? 0) > sector.epoch)
      return `${there} under epoch ${copy?.epoch}, but its sector is of epoch ${sector.epoch}`;
    const lease = leaseIn(document);
    if (lease.node !== host.name || lease.epoch !== sector.epoch)
      return `${there} under epoch ${sector.epoch}, but the database leases it to ${lease.node} for epoch ${lease.epoch}`;
    if (document.recorded !== 'running') return `${there}, but is recorded as ${String(document.recorded)}`;
    const elsewhere = Array.isArray(document.mayRunOn) ? document.mayRunOn : [];
    if (elsewhere.length > 0) return `${there}, but keeps room on ${elsewhere.join(', ')} too`;
    const actor = actorOf(vm);
    if (actor === undefined) return `${there}, and has no actor`;
    if (actor.state !== 'running.active') return `${there}, but its actor is ${actor.state}`;
    if (actor.lease.node !== lease.node || actor.lease.epoch !== lease.epoch)
      return `${there}, but its actor knows of ${actor.lease.node} and epoch ${actor.lease.epoch}`;
    return undefined;
  }

  function whileDown(vm: VmId, document: Body): string | undefined {
    const actor = actorOf(vm);
    const isStopped = document.recorded === 'stopped';
    // Nothing was ever said of it: a VM that was stopped from the beginning.
    if (actor === undefined) return isStopped ? undefined : 'runs nowhere, and has no actor';
    if (HELD_FOR_RUNNING.includes(actor.state)) return `runs nowhere, but its actor is ${actor.state}`;
    const elsewhere = Array.isArray(document.mayRunOn) ? document.mayRunOn : [];
    if (isStopped && elsewhere.length > 0) return `is stopped, but keeps room on ${elsewhere.join(', ')}`;
    // One that a user starts is recorded as running only once there is a place for it.
    if (AWARE.includes(actor.state.split('.')[0] ?? '')) return undefined;
    // Unprotected it may stay down: then its actor knows.
    const known = isStopped ? ['stopped'] : document.ha === false ? ['running.off', 'running.suspended'] : [];
    return known.includes(actor.state)
      ? undefined
      : `is recorded as ${String(document.recorded)} and runs nowhere, but its actor is ${actor.state}`;
  }

  function actorOf(vm: VmId) {
    const entry = actors.get(vm);
    if (entry === undefined) return undefined;
    const { snapshot } = recordOf(entry);
    return { state: nameOf(snapshot.value), lease: leaseIn(snapshot.context) };
  }

  return {
    committed: (entry) => {
      if (entry.address.startsWith('vm/')) actors.set(entry.address.slice('vm/'.length) as VmId, entry); // by its kind
    },
    documentChanged: (collection, id, _before, after) => {
      if (collection !== 'vms') return;
      if (after === undefined) documents.delete(id as VmId);
      else documents.set(id as VmId, after); // the id of a VM's document
    },
    satisfied: () => look().size === 0,
    atEnd: () => {
      for (const [vm, why] of look()) {
        const lasted = nowSeconds() - (wrongSince.get(vm) ?? nowSeconds());
        if (lasted < ON_ITS_WAY_SECONDS) continue;
        violate('agreement: database, lease sector, copies and actor tell one story', `${vm} ${why}`);
      }
    },
  };
}
