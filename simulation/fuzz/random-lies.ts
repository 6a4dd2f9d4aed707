import type { WorldFault } from '../faults/world-fault.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { RandomCluster } from './random-cluster.ts';

/** Of the schedules with fences that confirm. */
const SHARE = 0.1;
/** What may happen to the host that a fence lies about: nothing that keeps it from writing its slot while its VMs run. */
const MAY_HAPPEN: ReadonlySet<string> = new Set([
  ...['power-off', 'power-on', 'management-link-down', 'management-link-up', 'maintenance-on', 'maintenance-off'],
  ...[
    'hypervisor-slow',
    'hypervisor-fails',
    'hypervisor-hangs',
    'link-bad',
    'one-way-cut',
    'member-down',
    'clock-jump',
  ],
  ...['vm-network-link-down', 'vm-network-link-up', 'storage-link-up', 'start-fails', 'add', 'migrate'],
]);
/** A start that hangs is told after two minutes, then its host is fenced. */
const HANGS_SECONDS = 250;
/** The longest that a fence acts after its word. */
const LATEST_SECONDS = 60;

export interface Lying {
  readonly events: readonly ScenarioEvent[];
  readonly faults: readonly WorldFault[];
}

interface Input extends Lying {
  readonly seed: number;
  readonly cluster: RandomCluster;
  readonly healedAt: number;
  /** For tests that look for this alone. */
  readonly always: boolean;
}

/**
 * In a few schedules the fence of one host lies, in the forms that the product sees through (docs/decisions/0019): the host
 * is well when its power is said to be gone, or it has none in truth. What nobody could see through is left out. From a
 * stream of its own: all other seeds stay what they were.
 */
export function withLies({ seed, cluster, healedAt, always, ...schedule }: Input): Lying {
  const random = new SeededRandom(`lies/${seed}`);
  const { fence, sensitivity = 'standard', fenceSeconds = 1 } = cluster.settings;
  const isDrawn = random.chance(SHARE) || always;
  const names = cluster.nodes.map(({ name }) => name);
  const victims = cluster.nodes.filter(({ name, power }) => power !== 'off' && vmsOn(cluster, name).length > 0);
  const begins = 20;
  const lasts = healedAt - LATEST_SECONDS - 30 - begins;
  if (fence !== 'confirming' || !isDrawn || victims.length === 0 || lasts < HANGS_SECONDS) return schedule;
  const node = random.pick(victims).name;
  const others = names.filter((name) => name !== node);
  const how = random.pick([
    {},
    { actsAfterSeconds: random.pick([1, 4, 20, LATEST_SECONDS]) },
    { plugOf: random.pick(others) },
  ]);
  const lie: WorldFault = { at: begins, do: 'fence-lies', node, seconds: lasts, ...how };
  // Its agent stalls for less than its fence takes, so that it writes again when that confirms.
  const stallSeconds = Math.round(fenceSeconds * random.between(0.6, 0.9) * 10) / 10;
  const at = Math.round(random.between(begins + 10, begins + lasts - HANGS_SECONDS) * 10) / 10;
  const isStall = sensitivity === 'instant' && stallSeconds > 0.5 && fenceSeconds < 10 && random.chance(0.5);
  const kill: ScenarioEvent = { at: at + 5, do: 'kill', vm: random.pick(vmsOn(cluster, node)) };
  return {
    events: [...schedule.events.filter((event) => mayHappen(event, node)), ...(isStall ? [] : [kill])],
    faults: [
      ...schedule.faults.filter((fault) => mayHappen(fault, node)),
      lie,
      isStall
        ? { at, do: 'agent-stalls', node, seconds: stallSeconds }
        : { at, do: 'hypervisor-hangs', node, call: 'start', seconds: HANGS_SECONDS },
    ],
  };
}

function vmsOn({ vms }: RandomCluster, node: string): string[] {
  return vms.filter((vm) => vm.node === node && vm.ha !== false && vm.state !== 'stopped').map(({ id }) => id);
}

function mayHappen(what: ScenarioEvent | WorldFault, node: string): boolean {
  if (what.do === 'storage-target-down' || what.do === 'storage-target-up') return false;
  if (what.do === 'link-bad' && what.network === 'storage' && what.node === node) return false;
  return Reflect.get(what, 'node') !== node || MAY_HAPPEN.has(what.do);
}
