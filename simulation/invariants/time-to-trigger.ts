import type { NodeId } from '#machines';
import type { SimHost } from '../world/host.ts';
import { Calm } from './calm.ts';
import { type Body, leaseIn, nameOf, recordOf, type Watch, type Watcher } from './watcher.ts';

/** B7, written down here a second time on purpose. Instant has no worse bound than high. */
const HOST_FAILURE_SECONDS = { standard: 130, 'medium-high': 100, high: 60, instant: 60 } as const;
/** Between two looks, seconds of true time: a bound is missed that much before it is noticed. */
const LOOK_SECONDS = 1;

/**
 * B7: a host that lost its power or its storage, and has protected VMs, is known to be down within the bound - by its word, a
 * fence or its age - while a healthy host is there to see it. Counted from the last time that anything was done to the cluster,
 * as everywhere: also the first look of whoever sees it may be no older.
 */
export function triggeredInTime(watch: Watch): Watcher {
  const { scenario, world, nowSeconds, violate } = watch;
  const boundSeconds = HOST_FAILURE_SECONDS[scenario.settings.sensitivity];
  const calm = new Calm(watch);
  const documents = new Map<string, Body>();
  /** Nodes that are known to be down, or that wait with their VMs (policy `freeze`). */
  const known = new Set<NodeId>();
  const lostSince = new Map<NodeId, number>();
  let nextLook = 0;

  function look(): void {
    const hosts = [...world().hosts.values()];
    const lost = calm.now && hosts.some((host) => calm.isHealthy(host)) ? hosts.filter(isLost) : [];
    const names = new Set(lost.map(({ name }) => name));
    for (const name of lostSince.keys()) if (!names.has(name)) lostSince.delete(name);
    for (const name of names) {
      const since = lostSince.get(name) ?? nowSeconds();
      lostSince.set(name, since);
      if (nowSeconds() - since <= boundSeconds + LOOK_SECONDS) continue;
      lostSince.set(name, Number.POSITIVE_INFINITY); // said once
      violate(
        'B7: triggered within the bound',
        `${name} is lost for more than ${boundSeconds} s, and nobody decided that it is down`,
      );
    }
  }

  function isLost(host: SimHost): boolean {
    if (host.alive && world().storage.reachableFrom(host)) return false;
    return !known.has(host.name) && [...documents.values()].some((document) => isProtectedOn(document, host.name));
  }

  return {
    happens: (event) => {
      calm.note(event);
      lostSince.clear();
    },
    documentChanged: (collection, id, _before, after) => {
      if (collection !== 'vms') return;
      if (after === undefined) documents.delete(id);
      else documents.set(id, after);
    },
    committed: (entry) => {
      if (!entry.address.startsWith('node/')) return;
      const node = entry.address.slice('node/'.length) as NodeId; // by its kind
      const state = nameOf(recordOf(entry).snapshot.value);
      if (state === 'frozen' || state.startsWith('down.')) known.add(node);
      else known.delete(node);
    },
    afterEvent: () => {
      if (nowSeconds() < nextLook) return;
      nextLook = nowSeconds() + LOOK_SECONDS;
      look();
    },
  };
}

function isProtectedOn(document: Body, node: NodeId): boolean {
  return document.ha === true && document.recorded === 'running' && leaseIn(document).node === node;
}
