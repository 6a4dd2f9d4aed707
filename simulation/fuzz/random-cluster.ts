import { z } from 'zod';
import type { ScenarioInput } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';
import { randomRules } from './random-rules.ts';

const range = z.tuple([z.number(), z.number()]).readonly();
/** How large random clusters are, at least and at most, and how long they run. */
export const shapeSchema = z.object({ nodes: range, vms: range, hours: z.number() }).readonly();
export type FuzzShape = z.output<typeof shapeSchema>;

export const DEFAULT_SHAPE: FuzzShape = { nodes: [3, 5], vms: [2, 8], hours: 0.5 };

/** Names of VMs that a user may add while the cluster runs: rules may speak of them before. */
export const LATER_VMS: readonly string[] = ['new-1', 'new-2', 'new-3'];

type Given<Field extends keyof ScenarioInput> = Exclude<ScenarioInput[Field], undefined>;
export interface RandomCluster {
  readonly nodes: Given<'nodes'>;
  readonly vms: Given<'vms'>;
  /** They may speak of VMs that are added later. */
  readonly rules: Given<'rules'>;
  readonly settings: Given<'settings'>;
}

/** Narrows clusters down, for tests that look for one kind of mistake. */
export interface ClusterFocus {
  /** Only clusters with rules, or with a rule of this kind; false: none. */
  readonly rules?: boolean | 'together';
  /** Memory of each node: little of it makes room short. */
  readonly memoryMiB?: number;
  readonly disks?: 'fail' | 'hang';
  /** Settings that are not drawn. */
  readonly settings?: Given<'settings'>;
  /** No VM is protected. */
  readonly unprotected?: boolean;
}

/** What a VM may be, whether it is there from the beginning or added. */
export function randomVm(random: SeededRandom) {
  return {
    cpus: random.pick([1, 1, 1, 2, 4]),
    memoryMiB: random.pick([1024, 1024, 2048, 4096]),
    ha: !random.chance(0.1),
    state: random.chance(0.1) ? ('stopped' as const) : ('running' as const),
    priority: random.int(0, 2),
    failback: !random.chance(0.2),
  };
}

/** A random cluster: nodes with room to spare or little of it, VMs of many kinds, some rules, any settings. */
export function randomCluster(
  random: SeededRandom,
  seed: number,
  shape: FuzzShape,
  focus: ClusterFocus = {},
): RandomCluster {
  const nodes = randomNodes(random, shape, focus);
  const names = nodes.map((node) => node.name);
  const room = new Map(nodes.map(({ name, cpus = 0, memoryMiB = 0 }) => [name, { cpus, memoryMiB }]));
  const vms: Given<'vms'>[number][] = [];
  for (let i = random.int(...shape.vms); i > 0; i -= 1) {
    const vm = randomVm(random);
    const node = random.pick(names);
    const left = room.get(node) ?? { cpus: 0, memoryMiB: 0 };
    if (left.memoryMiB < vm.memoryMiB || left.cpus < vm.cpus) continue;
    room.set(node, { cpus: left.cpus - vm.cpus, memoryMiB: left.memoryMiB - vm.memoryMiB });
    vms.push({ id: `vm-${vms.length + 1}`, node, ...vm, ha: vm.ha && focus.unprotected !== true });
  }
  const ids = vms.map((vm) => vm.id);
  // A stream of its own: everything else of a seed stays what it was.
  const disks = focus.disks ?? (new SeededRandom(`disks/${seed}`).chance(0.3) ? 'hang' : 'fail');
  return {
    nodes,
    vms,
    rules: rulesFor(random, nodes, ids, focus),
    settings: { ...randomSettings(random, seed), disks, ...focus.settings },
  };
}

function randomNodes(random: SeededRandom, shape: FuzzShape, focus: ClusterFocus): Given<'nodes'> {
  const zoned = random.chance(0.2);
  const memoryMiB = focus.memoryMiB ?? random.pick([262_144, 262_144, 16_384, 8192]);
  const cpus = random.pick([64, 64, 64, 8, 4]);
  const uneven = random.chance(0.2);
  return Array.from({ length: random.int(...shape.nodes) }, (_, i) => ({
    ...{ name: `n${i + 1}`, cpus, memoryMiB: uneven && i % 2 === 1 ? memoryMiB / 2 : memoryMiB },
    ...(zoned ? { zone: i % 2 === 0 ? ('primary' as const) : ('secondary' as const) } : {}),
    ...(random.chance(0.03) ? { power: 'off' as const } : {}),
    ...(random.chance(0.03) ? { maintenance: true } : {}),
  }));
}

function rulesFor(
  random: SeededRandom,
  nodes: Given<'nodes'>,
  vms: readonly string[],
  { rules }: ClusterFocus,
): Given<'rules'> {
  const ruled = rules ?? random.chance(0.4);
  if (ruled === 'together' && vms.length > 1) {
    return [{ kind: 'vm', mode: 'together', strength: 'must', vms: vms.slice(0, 2) }];
  }
  // Mostly of VMs that are there: rules between two that never meet say little.
  const known = random.chance(0.3) ? [...vms, ...LATER_VMS] : vms;
  return ruled === false ? [] : randomRules({ random, nodes, vms: known }, random.pick([1, 1, 2, 3, 4]));
}

/** Every setting whose row is built; a run that needs another is refused. */
function randomSettings(random: SeededRandom, seed: number): Given<'settings'> {
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
    clock: {
      driftPercent: random.pick([0, 0.01, 1, 2]),
      wallJumpSeconds: random.chance(0.05) ? random.pick([-7200, 3600, 86_400]) : 0,
    },
  };
}
