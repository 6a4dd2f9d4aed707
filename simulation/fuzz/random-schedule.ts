import type { WorldFault } from '../faults/world-fault.ts';
import { checkScenario, isBuilt, type ScenarioEvent } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { Mishap, MishapInput } from './mishap.ts';
import { type ClusterFocus, type FuzzShape, LATER_VMS, type RandomCluster, randomCluster } from './random-cluster.ts';
import { randomMishap } from './random-faults.ts';
import { withLies } from './random-lies.ts';
import type { Schedule } from './schedule.ts';

/** The last part of a run: enough for a boot, the longest detection, the longest wait of B5 and what follows. */
const CALM_SECONDS = 450;
/** Mishaps that come together, within this time: where races are. */
const STORM_SECONDS = 90;

/** Narrows a schedule down, for tests that look for one kind of mistake. */
export interface Focus extends ClusterFocus {
  /** Only mishaps that consist of nothing but these. */
  readonly mishaps?: readonly string[];
  /** Always one whose fence lies about a host. */
  readonly lies?: boolean;
}

/**
 * A random cluster, random mishaps in storms, random commands: a function of the seed and the shape alone. Before the end
 * every fault is taken back.
 */
export function randomSchedule(seed: number, shape: FuzzShape, focus: Focus = {}): Schedule {
  const random = new SeededRandom(`scenario/${seed}`);
  const drawn = randomCluster(random, seed, shape, focus);
  const cluster = focus.lies === true ? withFence(drawn, seed) : drawn;
  const names = cluster.nodes.map((node) => node.name);
  const vms = cluster.vms.map((vm) => vm.id);
  const until = Math.max(shape.hours * 3600, CALM_SECONDS + 300);
  const healedAt = until - CALM_SECONDS;
  const events: ScenarioEvent[] = [];
  const faults: WorldFault[] = [];
  let unusedNames = LATER_VMS;
  for (let storms = random.int(1, Math.ceil(shape.hours * 8)); storms > 0; storms -= 1) {
    const begins = random.between(30, healedAt - STORM_SECONDS - 1);
    for (let mishaps = random.int(1, 4); mishaps > 0; mishaps -= 1) {
      const at = Math.round((begins + random.next() * STORM_SECONDS) * 10) / 10;
      if (vms.length === 0) continue;
      const mishap = focusedMishap({ random, at, healAt: healedAt, nodes: names, vms, unusedNames }, focus);
      events.push(...mishap.events.filter(isBuilt));
      faults.push(...mishap.faults);
      const added = mishap.events.flatMap((event) => (event.do === 'add' ? [event.vm] : []));
      vms.push(...added);
      unusedNames = unusedNames.filter((name) => !added.includes(name));
    }
  }
  const lying = withLies({ seed, cluster, healedAt, always: focus.lies === true, events, faults });
  const happens = [...lying.events, ...healing(healedAt, names).filter(isBuilt)];
  const rules = cluster.rules.flatMap((rule) => rulesOn(rule, vms));
  const scenario = checkScenario({ name: `seed ${seed}`, ...cluster, rules, events: happens, until }, `seed ${seed}`);
  return { scenario, faults: lying.faults.toSorted((a, b) => a.at - b.at), healedAt };
}

function withFence(cluster: RandomCluster, seed: number): RandomCluster {
  const random = new SeededRandom(`fence/${seed}`);
  const sensitivity = random.pick(['standard', 'high', 'instant'] as const);
  const fenceSeconds = random.pick([1, 5]);
  return { ...cluster, settings: { ...cluster.settings, fence: 'confirming', fenceSeconds, sensitivity } };
}

/** What is left of a rule that speaks of VMs which are never added. */
function rulesOn(rule: RandomCluster['rules'][number], known: readonly string[]): RandomCluster['rules'] {
  const vms = rule.vms.filter((vm) => known.includes(vm));
  return vms.length < (rule.kind === 'vm' ? 2 : 1) ? [] : [{ ...rule, vms }];
}

function focusedMishap(input: MishapInput, { mishaps }: Focus): Mishap {
  for (;;) {
    const mishap = randomMishap(input);
    const kinds = [...mishap.events, ...mishap.faults].map((each) => each.do);
    if (mishaps !== undefined && (kinds.length === 0 || !kinds.every((kind) => mishaps.includes(kind)))) continue;
    const commands = (mishap.commands ?? []).filter((command) => mishaps?.includes(command.do) ?? true);
    return { ...mishap, events: [...mishap.events, ...commands] };
  }
}

/** Takes every lasting fault back, and has everything on that should be on. */
function healing(at: number, nodes: readonly string[]): ScenarioEvent[] {
  const everywhere = (['heal', 'storage-target-up', 'database-up', 'messaging-up', 'arm'] as const).map((what) => ({
    at,
    do: what,
  }));
  const each = nodes.flatMap((node): ScenarioEvent[] => [
    { at, do: 'management-link-up', node },
    { at, do: 'storage-link-up', node },
    { at, do: 'vm-network-link-up', node },
    { at, do: 'storage-service-recover', node },
    { at, do: 'maintenance-off', node },
    { at: at + 10, do: 'power-on', node },
    { at: at + 11, do: 'agent-restart', node },
  ]);
  return [...everywhere, ...each];
}
