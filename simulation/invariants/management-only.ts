import type { NodeId, VmId } from '#machines';
import { nodeOf, vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** What takes nothing from a host but its management network, its services or its wall clock. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['management-link-down', 'management-link-up', 'vm-network-link-down', 'vm-network-link-up', 'clock-jump'],
  ...['database-down', 'database-up', 'messaging-down', 'messaging-up', 'partition', 'heal', 'arm', 'disarm'],
  ...['link-bad', 'one-way-cut', 'member-down', 'leader-lost', 'fence-slow', 'power-on'],
]);
/** For so long after a trouble of its own ended a host may still be dealt with. */
const AFTERMATH_SECONDS = 400;
const UNTIL_ENDED: ReadonlySet<string> = new Set([
  ...['power-off', 'storage-link-down', 'storage-interface-down', 'agent-kill', 'shutdown', 'filesystem-read-only'],
  ...['storage-service-fail', 'maintenance-on', 'storage-target-down', 'agent-crashes', 'clock-rate'],
]);

/** T6: a host that lost nothing but management keeps its VMs: none is suspended, ended or brought back elsewhere. */
export function managementLossTakesNothing({ scenario, world, nowSeconds, violate }: Watch): Watcher {
  const hurtUntil = new Map<NodeId, number>();
  const touched = new Set<VmId>();
  const placedByRules = new Set(scenario.rules.flatMap((rule) => rule.vms));
  for (const node of scenario.nodes) if (node.power === 'off') hurtUntil.set(node.name as NodeId, Infinity);
  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm !== undefined) touched.add(vm);
      if (vm !== undefined || HARMLESS.has(event.do)) return;
      const node = nodeOf(event);
      const lasts = 'seconds' in event ? event.seconds : 0;
      const until = UNTIL_ENDED.has(event.do) ? Infinity : nowSeconds() + lasts + AFTERMATH_SECONDS;
      for (const name of node === undefined ? world().hosts.keys() : [node]) hurtUntil.set(name, until);
    },
    log: ({ what, vm }) => {
      // A move that was decided is no recovery.
      if (what === 'migrate' && vm !== undefined) touched.add(vm as VmId);
    },
    copyChanged: (host, copy, before) => {
      const { vm, reason } = copy;
      if (before !== 'running' || copy.state === 'running' || touched.has(vm) || placedByRules.has(vm)) return;
      if (copy.state === 'off' && reason !== 'destroyed') return;
      if ((hurtUntil.get(host.name) ?? 0) > nowSeconds()) return;
      const what = copy.state === 'suspended' ? 'suspended' : 'ended';
      violate(
        'T6: no recovery when only management is lost',
        `${vm} was ${what} on ${host.name}, which lost nothing else`,
      );
    },
  };
}
