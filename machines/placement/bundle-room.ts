import { whyNot } from './filter.ts';
import { isBetter, preferredPeers, preferredTier } from './score.ts';
import type { Inventory, Member, PlacedVm, PlacementNode, PlacementRequest } from './types.ts';

type Objection = (node: PlacementNode, request: PlacementRequest, inventory: Inventory) => string | undefined;

/** Why not all of the bundle may be on that node, each seeing those before it. */
export function whyNotAll(
  node: PlacementNode,
  bundle: readonly Member[],
  inventory: Inventory,
  positions: readonly PlacedVm[],
  objection: Objection,
): string | undefined {
  let placed = positions.filter(({ vm }) => !bundle.some((member) => member.vm === vm));
  for (const { vm, cpus, memoryMiB, priority } of bundle) {
    const why = objection(node, { vm, cpus, memoryMiB, priority, avoid: [] }, { ...inventory, placed });
    if (why !== undefined) return bundle.length === 1 ? why : `${vm}: ${why}`;
    placed = [...placed, { vm, cpus, memoryMiB, node: node.node }];
  }
  return undefined;
}

/** The best node that takes the whole bundle; without one, why each does not. */
export function best(
  inventory: Inventory,
  bundle: readonly Member[],
  positions: readonly PlacedVm[],
): { readonly node?: PlacementNode; readonly why: string } {
  const why: string[] = [];
  let found: { readonly node: PlacementNode; readonly score: readonly number[] } | undefined;
  for (const node of inventory.nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1))) {
    const not = whyNotAll(node, bundle, inventory, positions, whyNot);
    if (not !== undefined) {
      why.push(`${node.node}: ${not}`);
      continue;
    }
    const score = [...wishes(node, bundle, inventory), ...comforts(node, bundle, { ...inventory, placed: positions })];
    if (found === undefined || isBetter(score, found.score)) found = { node, score };
  }
  return found === undefined ? { why: why.join('; ') } : { node: found.node, why: why.join('; ') };
}

/** Worth a move by themselves, in this order: the tiers of rules, the home it left, the zone a rule prefers. */
export function wishes(node: PlacementNode, bundle: readonly Member[], inventory: Inventory): readonly number[] {
  const tiers = bundle.reduce((sum, vm) => sum + preferredTier(node, vm, inventory), 0);
  const homes = bundle.filter(({ home }) => home === node.node).length;
  const zones = bundle.filter(({ vm }) =>
    inventory.rules.some((rule) => rule.kind === 'zone' && rule.vms.includes(vm) && rule.zone === node.zone),
  ).length;
  return [tiers, homes, zones];
}

/** Decide only where to, never whether: few moves, companions, the primary zone (B6), room. */
function comforts(node: PlacementNode, bundle: readonly Member[], inventory: Inventory): readonly number[] {
  const there = bundle.filter((vm) => vm.node === node.node).length;
  const peers = bundle.reduce((sum, vm) => sum + preferredPeers(node, vm, inventory), 0);
  const used = inventory.placed.filter((vm) => vm.node === node.node);
  const memoryMiB = used.reduce((sum, vm) => sum + vm.memoryMiB, 0);
  const cpus = used.reduce((sum, vm) => sum + vm.cpus, 0);
  const share = memoryMiB / node.memoryMiB + cpus / node.cpus;
  return [there, peers, node.zone === 'primary' ? 1 : 0, -share];
}
