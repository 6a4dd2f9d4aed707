import { ScenarioNotBuilt, type ScenarioProblem } from './errors.ts';
import type { ScenarioEventName } from './events.ts';
import type { Scenario } from './schema.ts';

/** Events the simulator accepts in a file but cannot play yet. Take a name out when its row is built and tested. */
const EVENTS: ReadonlySet<ScenarioEventName> = new Set<ScenarioEventName>([
  'filesystem-read-only',
  'vm-network-link-down',
  'vm-network-link-up',
  'storage-service-fail',
  'storage-service-recover',
  'guest-panic',
  'guest-hang',
  'guest-boot-fails',
]);

/** Whether this build can play it. */
export function isBuilt(event: { readonly do: ScenarioEventName }): boolean {
  return !EVENTS.has(event.do);
}

/** Throws `ScenarioNotBuilt` naming every event and setting that this build cannot play. */
export function refuseWhatIsNotBuilt(scenario: Scenario, file: string): void {
  const missing: ScenarioProblem[] = [];
  scenario.events.forEach((event, i) => {
    if (EVENTS.has(event.do)) missing.push({ path: `events[${i}].do`, message: event.do });
  });
  const { settings } = scenario;
  if (settings.boost) missing.push({ path: 'settings.boost', message: 'boost' });
  if (settings.vmNetworkFailure !== 'off')
    missing.push({ path: 'settings.vmNetworkFailure', message: 'VM network failure' });
  if (settings.vmOsFailure) missing.push({ path: 'settings.vmOsFailure', message: 'guest OS failure' });
  if (settings.reserveHosts > 0) missing.push({ path: 'settings.reserveHosts', message: 'admission control' });
  if (settings.massFailurePercent < 100)
    missing.push({ path: 'settings.massFailurePercent', message: 'mass-failure brake' });
  if (missing.length > 0) throw new ScenarioNotBuilt(file, missing);
}
