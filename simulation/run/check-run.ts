import type { Scenario, ScenarioEventName } from '../scenario/mod.ts';
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
