import type { ScenarioInput } from '../scenario/mod.ts';
import type { SeededRandom } from '../seeded-random.ts';

export interface FuzzShape {
  readonly nodes: readonly [number, number];
  readonly vms: readonly [number, number];
  readonly hours: number;
}

export const DEFAULT_SHAPE: FuzzShape = { nodes: [3, 5], vms: [2, 8], hours: 0.5 };

type Given<Field extends keyof ScenarioInput> = Exclude<ScenarioInput[Field], undefined>;
interface Cluster {
  readonly nodes: Given<'nodes'>;
  readonly vms: Given<'vms'>;
  readonly rules: Given<'rules'>;
  readonly settings: Given<'settings'>;
}
type Rule = Cluster['rules'][number];

/** Narrows clusters down, for tests that look for one kind of mistake. */
export interface ClusterFocus {
  /** Only clusters with rules, or with a rule of this kind; false: none. */
  readonly rules?: boolean | 'together';
  /** Memory of each node: little of it makes room short. */
  readonly memoryMiB?: number;
}

/** A random cluster: nodes with room to spare or little of it, VMs of many kinds, some rules, any settings. */
export function randomCluster(random: SeededRandom, seed: number, shape: FuzzShape, focus: ClusterFocus = {}): Cluster {
  const zoned = random.chance(0.2);
  const memoryMiB = focus.memoryMiB ?? random.pick([262_144, 262_144, 16_384, 8192]);
  const nodes = Array.from({ length: random.int(...shape.nodes) }, (_, i) => ({
    ...{ name: `n${i + 1}`, cpus: 64, memoryMiB },
    ...(zoned ? { zone: i % 2 === 0 ? ('primary' as const) : ('secondary' as const) } : {}),
  }));
  const names = nodes.map((node) => node.name);
  const room = new Map(names.map((name) => [name, memoryMiB]));
  const vms: Cluster['vms'][number][] = [];
  for (let i = random.int(...shape.vms); i > 0; i -= 1) {
    const size = random.pick([1024, 1024, 2048, 4096]);
    const node = random.pick(names);
    if ((room.get(node) ?? 0) < size) continue;
    room.set(node, (room.get(node) ?? 0) - size);
    vms.push({
      ...{ id: `vm-${vms.length + 1}`, node, memoryMiB: size, ha: !random.chance(0.1) },
      ...{ state: random.chance(0.1) ? ('stopped' as const) : ('running' as const), priority: random.int(0, 2) },
    });
  }
  const ids = vms.map((vm) => vm.id);
  const ruled = focus.rules ?? random.chance(0.3);
  const rules = ruled !== false && ids.length > 0 ? [randomRule(random, names, ids, zoned, ruled === 'together')] : [];
  return { nodes, vms, rules, settings: randomSettings(random, seed) };
}

function randomRule(
  random: SeededRandom,
  nodes: readonly string[],
  vms: readonly string[],
  zoned: boolean,
  together: boolean,
): Rule {
  const some = vms.filter(() => random.chance(0.5)).slice(0, Math.max(1, nodes.length - 1));
  const chosen = some.length > 0 ? some : vms.slice(0, 1);
  if (together) return { kind: 'vm', mode: 'together', strength: 'must', vms: vms.slice(0, 2) };
  const kinds: (() => Rule)[] = [
    () => ({ kind: 'node', mode: 'required', vms: chosen, nodes: nodes.slice(0, Math.max(2, nodes.length - 1)) }),
    () => ({ kind: 'node', mode: 'preferred', vms: chosen, nodes: [random.pick(nodes)] }),
    () => ({ kind: 'node', mode: 'forbidden', vms: chosen, nodes: [random.pick(nodes)] }),
  ];
  if (chosen.length > 1) {
    kinds.push(
      () => ({ kind: 'vm', mode: 'apart', strength: 'must', vms: chosen }),
      () => ({ kind: 'vm', mode: 'apart', strength: 'prefer', vms: chosen }),
      () => ({ kind: 'vm', mode: 'together', strength: random.pick(['must', 'prefer']), vms: chosen }),
    );
  }
  if (zoned) kinds.push(() => ({ kind: 'zone', mode: random.pick(['prefer', 'must']), zone: 'primary', vms: chosen }));
  return random.pick(kinds)();
}

function randomSettings(random: SeededRandom, seed: number): Cluster['settings'] {
  const fence = random.pick(['none', 'none', 'confirming', 'broken'] as const);
  const sensitivities = [
    'standard',
    'medium-high',
    'high',
    ...(fence === 'confirming' ? (['instant'] as const) : []),
  ] as const;
  return {
    seed,
    sensitivity: random.pick(sensitivities),
    fence,
    fenceSeconds: random.pick([0.3, 1, 5, 15]),
    shutdownPolicy: random.pick(['recover', 'recover', 'freeze']),
    network: {
      delayMs: random.int(1, 10),
      jitterMs: random.int(0, 30),
      lossPercent: random.pick([0, 0, 0, 1, 3]),
      duplicatePercent: random.pick([0, 0, 1, 5]),
    },
    clock: { driftPercent: random.pick([0, 0.01, 1, 2]) },
  };
}
