import type { Scenario, ScenarioEvent, ScenarioEventName, ScenarioProblem } from '../../simulation/mod.ts';

/** The file is right, but the lab cannot do what it asks for (exit status 3): never a silent pass. */
export class LabCannotPlay extends Error {
  override readonly name = 'LabCannotPlay';
  readonly code = 'LAB_CANNOT_PLAY';
  readonly retryable = false;

  constructor(file: string, missing: readonly ScenarioProblem[]) {
    super(missing.map(({ path, message }) => `${file}: ${path}: the lab cannot play ${message}`).join('\n'));
  }
}

/** Why the lab cannot do these. Everything else it does. */
const WHY_NOT: Partial<Readonly<Record<ScenarioEventName, string>>> = {
  'filesystem-read-only': 'the lab has no file system of its own for each node',
  'management-link-down': 'the lab has no network of its own for each node',
  'management-link-up': 'the lab has no network of its own for each node',
  'vm-network-link-down': 'lab guests have no network',
  'vm-network-link-up': 'lab guests have no network',
  'storage-service-fail': 'lab nodes have no storage service of their own',
  'storage-service-recover': 'lab nodes have no storage service of their own',
  'clock-jump': "the lab's nodes share this machine's clock",
  partition: 'the lab has no network of its own for each node',
  heal: 'the lab has no network of its own for each node',
  'guest-panic': 'lab guests cannot be made to panic',
  'guest-hang': 'lab guests cannot be made to hang',
  'guest-boot-fails': 'lab guests cannot be made to fail at boot',
  'suspend-fails': 'libvirt cannot be made to fail',
  'start-fails': 'libvirt cannot be made to fail',
  'migrate-fails': 'libvirt cannot be made to fail',
};

/** Throws `LabCannotPlay` that names every event and setting that the lab cannot play: then nothing is played. */
export function refuseWhatTheLabCannot(scenario: Scenario, file: string): void {
  const missing = scenario.events.flatMap((event: ScenarioEvent, i) => {
    const why = WHY_NOT[event.do];
    return why === undefined ? [] : [{ path: `events[${i}].do`, message: `${event.do} (${why})` }];
  });
  const { network, clock, boost, vmNetworkFailure, vmOsFailure, reserveHosts, massFailurePercent } = scenario.settings;
  const refuse = (field: string, is: boolean, why: string) => {
    if (is) missing.push({ path: `settings.${field}`, message: why });
  };
  refuse('network', network.lossPercent > 0 || network.duplicatePercent > 0, 'a bad network');
  refuse('clock', clock.driftPercent > 0 || clock.wallJumpSeconds !== 0, 'other clocks');
  refuse('boost', boost, 'boost');
  refuse('vmNetworkFailure', vmNetworkFailure !== 'off', 'VM network failure');
  refuse('vmOsFailure', vmOsFailure, 'guest OS failure');
  refuse('reserveHosts', reserveHosts > 0, 'admission control');
  refuse('massFailurePercent', massFailurePercent < 100, 'mass-failure brake');
  if (missing.length > 0) throw new LabCannotPlay(file, missing);
}
