import type { JournalEntry } from '#actors';
import { type NodeId, timingsFor, type VmId } from '#machines';
import { WAITS_SECONDS } from './attempts.ts';
import { Calm } from './calm.ts';
import { everyVmAsWished } from './liveness.ts';
import { type Body, recordOf, type Watch, type Watcher } from './watcher.ts';

/** Between two looks, seconds of true time. */
const LOOK_SECONDS = 5;
/**
 * What an attempt takes at the worst of the faults that count here: actors move off a silent host and a leader is elected (20 s),
 * the calm after storage was gone for all (15 s), a request for a place is repeated (5 s), one start is not answered (30 s).
 */
const ATTEMPT_SECONDS = 70;
/**
 * While faults last that leave a healthy node with room, a majority of messaging and database and a way to be sure of the VM's
 * host, no protected VM is down for longer than B7's bound on the trigger, the wait of B5 that it
 * is in (an attempt just before there was a way may have failed) and one attempt. Counted from
 * the last time that anything was done to the cluster: whatever happens may rightly begin everything anew.
 */
export function downWithinBound(watch: Watch): Watcher {
  const { scenario, world, nowSeconds, violate } = watch;
  const { sensitivity, fence, shutdownPolicy } = scenario.settings;
  const { triggerMs } = timingsFor({ sensitivity, confirmingFence: fence !== 'none' });
  const firstBoundSeconds = triggerMs.hostFailure / 1000 + ATTEMPT_SECONDS;
  const wishes = everyVmAsWished(watch);
  const calm = new Calm(watch);
  const documents = new Map<string, Body>();
  /** Of a VM's actor, as it committed it last. */
  const steps = new Map<string, JournalEntry>();
  const downSince = new Map<VmId, number>();
  const said = new Set<VmId>();
  let armed = true;
  let nextLook = 0;

  function look(): void {
    const now = nowSeconds();
    const hosts = [...world().hosts.values()];
    const healthy = armed && calm.now ? hosts.filter((host) => calm.isHealthy(host)) : [];
    const missing = healthy.length === 0 ? [] : wishes.missing((host) => healthy.includes(host));
    const down = new Set(missing.filter(isSureOf).map(({ vm }) => vm));
    for (const vm of downSince.keys()) if (!down.has(vm)) downSince.delete(vm);
    for (const { vm, taker } of missing) {
      if (!down.has(vm)) continue;
      const since = downSince.get(vm) ?? now;
      downSince.set(vm, since);
      const boundSeconds = firstBoundSeconds + waitOf(vm);
      if (now - since <= boundSeconds || said.has(vm)) continue;
      said.add(vm);
      violate(
        'liveness under faults: down no longer than the bound',
        `${vm} is down for ${Math.round(now - since)} s with a way to run on ${taker}; at most ${boundSeconds} s are promised`,
      );
    }
  }

  function waitOf(vm: VmId): number {
    const step = steps.get(`vm/${vm}`);
    const attempt = step === undefined ? 0 : Number(recordOf(step).snapshot.context.attempt ?? 0);
    return WAITS_SECONDS[Math.max(0, attempt - 1)] ?? Math.max(...WAITS_SECONDS);
  }

  /** Its host is well and can be asked, or writes nothing to storage any more: then its word, a fence or the bound proves it. */
  function isSureOf({ vm }: { readonly vm: VmId }): boolean {
    const { storage, hosts, hypervisors } = world();
    // Its attempts are to fail (B5).
    if ((hypervisors.faults.startFails.get(vm)?.left ?? 0) > 0) return false;
    const sector = storage.leases.get(vm);
    const lease = documents.get(vm)?.lease;
    const leased = typeof lease === 'object' && lease !== null ? String(Reflect.get(lease, 'node')) : undefined;
    if (shutdownPolicy === 'freeze') return false;
    return [sector?.status === 'held' ? sector.node : undefined, leased].every((name) => {
      const host = name === undefined ? undefined : hosts.get(name as NodeId); // the product's own names of nodes
      return host === undefined || calm.isHealthy(host) || !host.alive || !storage.reachableFrom(host);
    });
  }

  return {
    happens: (event) => {
      wishes.happens?.(event);
      calm.note(event);
      downSince.clear();
    },
    documentChanged: (collection, id, before, after) => {
      wishes.documentChanged?.(collection, id, before, after);
      if (collection === 'settings') armed = after?.armed !== false;
      if (collection !== 'vms') return;
      if (after === undefined) documents.delete(id);
      else documents.set(id, after);
    },
    committed: (entry) => {
      if (entry.address.startsWith('vm/')) steps.set(entry.address, entry);
    },
    afterEvent: () => {
      if (nowSeconds() < nextLook) return;
      nextLook = nowSeconds() + LOOK_SECONDS;
      look();
    },
  };
}
