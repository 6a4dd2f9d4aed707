import type { NodeId } from '#machines';
import type { SimHost } from '../world/host.ts';
import { Calm } from './calm.ts';
import { HostChanges } from './host-changes.ts';
import { type Body, leaseIn, nameOf, recordOf, vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** B7, written down here a second time on purpose. Instant has no worse bound than high. */
const HOST_FAILURE_SECONDS = { standard: 130, 'medium-high': 100, high: 60, instant: 60 } as const;
/** Between two looks, seconds of true time: a bound is missed that much before it is noticed. */
const LOOK_SECONDS = 1;
/** From what happens to another host or network until actors have moved and a leader is elected. */
const AFTERMATH_SECONDS = 60;

/** These disturb when they change what a host does: at once, later, or never. */
const SEEN_BY_ITS_EFFECT = /^(power-o|agent-kill|agent-restart|reboot|shutdown)/;

/**
 * B7: a host that lost its power or its storage, and has protected VMs, is known to be down within the bound - by its word, a
 * fence or its age - where some host was well from the loss on, and so has seen how old it is. What befalls others meanwhile
 * may move the actor that decides it, and gets a minute.
 */
export function triggeredInTime(watch: Watch): Watcher {
  const { scenario, world, nowSeconds, violate } = watch;
  const boundSeconds = HOST_FAILURE_SECONDS[scenario.settings.sensitivity];
  const calm = new Calm(watch);
  const documents = new Map<string, Body>();
  /** Nodes that are known to be down, or that wait with their VMs (policy `freeze`). */
  const known = new Set<NodeId>();
  const lostSince = new Map<NodeId, number>();
  const wellSince = new Map<NodeId, { readonly process: object | undefined; readonly seconds: number }>();
  const changes = new HostChanges(watch);
  let nextLook = 0;
  let disturbed = 0;

  function look(): void {
    const now = nowSeconds();
    disturbed = Math.max(disturbed, changes.look());
    const hosts = [...world().hosts.values()];
    for (const host of hosts) seeHealth(host);
    const lost = wellSince.size === 0 ? [] : hosts.filter(isLost);
    const names = new Set(lost.map(({ name }) => name));
    for (const name of lostSince.keys()) if (!names.has(name)) lostSince.delete(name);
    for (const name of names) {
      const since = lostSince.get(name) ?? now;
      lostSince.set(name, since);
      const isWatched = [...wellSince.values()].some(({ seconds }) => seconds <= since);
      if (!isWatched) lostSince.set(name, now);
      if (now <= Math.max(since + boundSeconds, disturbed + AFTERMATH_SECONDS) + LOOK_SECONDS || !isWatched) continue;
      lostSince.set(name, Number.POSITIVE_INFINITY); // said once
      violate(
        'B7: triggered within the bound',
        `${name} is lost for ${Math.round(now - since)} s, more than ${boundSeconds}, and nobody decided that it is down`,
      );
    }
  }

  function seeHealth(host: SimHost): void {
    const { name, process } = host;
    if (!calm.now || !calm.isHealthy(host)) wellSince.delete(name);
    else if (wellSince.get(name)?.process !== process) wellSince.set(name, { process, seconds: nowSeconds() });
  }

  function isLost(host: SimHost): boolean {
    if (host.alive && world().storage.reachableFrom(host)) return false;
    return !known.has(host.name) && [...documents.values()].some((document) => isProtectedOn(document, host.name));
  }

  return {
    happens: (event) => {
      if (vmOfEvent(event) !== undefined) return;
      calm.note(event);
      if (!SEEN_BY_ITS_EFFECT.test(event.do))
        disturbed = nowSeconds() + ('seconds' in event && event.do !== 'clock-jump' ? Math.max(0, event.seconds) : 0);
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
