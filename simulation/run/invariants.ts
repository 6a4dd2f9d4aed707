import type { NodeId, VmId } from '#machines';
import type { Scenario, ScenarioEventName } from '../scenario/mod.ts';
import type { SimHost } from '../world/host.ts';
import type { Recorder } from './recorder.ts';

/** What may happen to a cluster without any VM being recovered (T6, G3): each takes nothing from a running VM. */
const HARMLESS: ReadonlySet<ScenarioEventName> = new Set<ScenarioEventName>([
  'management-link-down',
  'management-link-up',
  'database-down',
  'database-up',
  'messaging-down',
  'messaging-up',
  'partition',
  'heal',
  'clock-jump',
  'arm',
  'disarm',
]);

/** The invariants that a whole run must keep, checked at its end. */
export function checkRun(scenario: Scenario, recorder: Recorder): void {
  const everythingUp = scenario.nodes.every((node) => node.power === 'on');
  if (!everythingUp || !scenario.events.every((event) => HARMLESS.has(event.do))) return;
  for (const { vm, from, to } of recorder.recoveries) {
    recorder.violate('T6: no recovery when only management is lost', `${vm} was taken from ${from} to ${to}`);
  }
}

/**
 * G2: the VMs of which more than one copy can write at this instant, each with the hosts. A copy on a stalled host writes
 * nothing until the stall ends, and is counted again then.
 */
export function doubleCopies(hosts: Iterable<SimHost>): ReadonlyMap<VmId, readonly NodeId[]> {
  const running = new Map<VmId, NodeId[]>();
  for (const host of hosts) {
    if (!host.alive) continue;
    for (const copy of host.copies.values()) {
      if (copy.state !== 'running') continue;
      const known = running.get(copy.vm);
      if (known === undefined) running.set(copy.vm, [host.name]);
      else known.push(host.name);
    }
  }
  for (const [vm, where] of running) if (where.length < 2) running.delete(vm);
  return running;
}
