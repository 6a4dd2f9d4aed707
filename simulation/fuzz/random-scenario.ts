import { checkScenario, type Scenario, type ScenarioEvent } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';

export interface FuzzShape {
  readonly nodes: readonly [number, number];
  readonly vms: readonly [number, number];
  readonly hours: number;
}

export const DEFAULT_SHAPE: FuzzShape = { nodes: [3, 5], vms: [2, 8], hours: 0.5 };

/** The last part of a run in which nothing more happens: enough for every bound and all waits of B5. */
const CALM_SECONDS = 1000;

/**
 * A random cluster, random faults, random commands: a function of the seed and the shape alone. Near the end every fault is
 * taken back; then every protected VM that nobody stopped must run again (liveness).
 */
export function randomScenario(seed: number, shape: FuzzShape): Scenario {
  const random = new SeededRandom(`scenario/${seed}`);
  const nodes = Array.from({ length: random.int(...shape.nodes) }, (_, i) => ({
    name: `n${i + 1}`,
    cpus: 64,
    memoryMiB: 262_144,
  }));
  const names = nodes.map((node) => node.name);
  const vms = Array.from({ length: random.int(...shape.vms) }, (_, i) => ({
    id: `vm-${i + 1}`,
    node: random.pick(names),
  }));
  const until = Math.max(shape.hours * 3600, CALM_SECONDS + 300);
  const healAt = until - CALM_SECONDS;
  const ids = vms.map((vm) => vm.id);
  const events: ScenarioEvent[] = [];
  for (let i = random.int(2, 10); i > 0; i -= 1) {
    const at = Math.round(random.between(30, healAt) * 10) / 10;
    events.push(...fault(random, at, healAt, names, ids));
  }
  for (const node of names) {
    events.push({ at: healAt, do: 'management-link-up', node }, { at: healAt, do: 'storage-link-up', node });
    events.push({ at: healAt + 10, do: 'power-on', node }, { at: healAt + 11, do: 'agent-restart', node });
  }
  for (const what of ['heal', 'storage-target-up', 'database-up', 'messaging-up'] as const) {
    events.push({ at: healAt, do: what });
  }
  const stopped = new Set(events.flatMap((event) => (STOPS.has(event.do) && 'vm' in event ? [event.vm] : [])));
  const expected = ids.filter((id) => !stopped.has(id)).map((id) => [id, { state: 'running' }]);
  return checkScenario(
    {
      name: `seed ${seed}`,
      settings: {
        seed,
        sensitivity: random.pick(['standard', 'medium-high', 'high']),
        fence: random.pick(['none', 'none', 'confirming', 'broken']),
        network: {
          delayMs: random.int(1, 20),
          jitterMs: random.int(0, 50),
          lossPercent: random.pick([0, 0, 1, 5]),
          duplicatePercent: random.pick([0, 0, 1, 5]),
        },
        clock: { driftPercent: random.pick([0, 0.01, 1]) },
      },
      nodes,
      vms,
      events,
      until,
      expect: Object.fromEntries(expected),
    },
    `seed ${seed}`,
  );
}

const STOPS: ReadonlySet<string> = new Set(['stop', 'guest-shutdown']);

/** One fault, mostly with its end some time later. */
function fault(
  random: SeededRandom,
  at: number,
  healAt: number,
  nodes: readonly string[],
  vms: readonly string[],
): ScenarioEvent[] {
  const node = random.pick(nodes);
  const vm = random.pick(vms);
  const later = Math.min(at + Math.round(random.between(1, 400)), healAt);
  const pair = <Down extends ScenarioEvent, Up extends ScenarioEvent>(down: Down, up: Up): ScenarioEvent[] => [
    down,
    up,
  ];
  const kinds: (() => ScenarioEvent[])[] = [
    () => pair({ at, do: 'power-off', node }, { at: later, do: 'power-on', node }),
    () => pair({ at, do: 'storage-link-down', node }, { at: later, do: 'storage-link-up', node }),
    () => pair({ at, do: 'management-link-down', node }, { at: later, do: 'management-link-up', node }),
    () => [
      { at, do: 'management-link-down', node },
      { at, do: 'storage-link-down', node },
      { at: later, do: 'storage-link-up', node },
      { at: later, do: 'management-link-up', node },
    ],
    () => [{ at, do: 'pause', node, seconds: Math.max(1, Math.min(later, at + 200) - at) }],
    () => [{ at, do: 'reboot', node }],
    () =>
      pair({ at, do: 'agent-kill', node }, { at: Math.min(at + random.int(1, 60), healAt), do: 'agent-restart', node }),
    () => pair({ at, do: 'storage-target-down' }, { at: later, do: 'storage-target-up' }),
    () => pair({ at, do: 'database-down' }, { at: later, do: 'database-up' }),
    () => pair({ at, do: 'messaging-down' }, { at: later, do: 'messaging-up' }),
    () =>
      pair(
        { at, do: 'partition', groups: [[node], nodes.filter((other) => other !== node)] },
        { at: later, do: 'heal' },
      ),
    () => [{ at, do: 'kill', vm }],
    () => [{ at, do: 'guest-shutdown', vm }],
    () => [{ at, do: 'start-fails', vm, times: random.int(1, 4) }],
    () => [{ at, do: 'suspend-fails', vm }],
  ];
  return random.pick(kinds)();
}
