import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import { whyNodeRulesForbid } from './filter.ts';
import type { PlacementNode, Rule } from './types.ts';

/**
 * F1: why these rules can never be kept together on these nodes, whatever runs where: one sentence for each contradiction,
 * none when they can. To be asked before rules are stored.
 */
export function contradictionsOf(
  rules: readonly Rule[],
  nodes: readonly Pick<PlacementNode, 'node' | 'zone'>[],
): readonly string[] {
  const bundles = bundlesOf(rules);
  const found = new Set<string>();
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.strength !== 'must' || rule.mode !== 'apart') continue;
    for (const [index, vm] of rule.vms.entries()) {
      const other = rule.vms.slice(index + 1).find((candidate) => bundles.of(vm).includes(candidate));
      if (other !== undefined) found.add(`${vm} and ${other} must be together and apart`);
    }
  }
  const allowed = (vm: VmId) =>
    nodes.filter((node) => bundles.of(vm).every((each) => !whyNodeRulesForbid(node, { vm: each }, { rules })));
  for (const vm of new Set(rules.flatMap((rule) => rule.vms))) {
    const bundle = bundles.of(vm);
    if (allowed(vm).length === 0) found.add(`no node is allowed for ${bundle.join(', ')}`);
  }
  if (found.size > 0) return [...found];
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.strength !== 'must' || rule.mode !== 'apart') continue;
    const seats = new Map(rule.vms.map((vm) => [vm, allowed(vm).map(({ node }) => node)]));
    if (!haveSeats(seats)) {
      const where = [...new Set([...seats.values()].flat())].sort().join(', ');
      found.add(`${rule.vms.join(', ')} must be apart, but have only ${where} between them`);
    }
  }
  return [...found];
}

/** Whether each can have a node of its own (a matching in a bipartite graph). */
function haveSeats(allowed: ReadonlyMap<VmId, readonly NodeId[]>): boolean {
  const sits = new Map<NodeId, VmId>();
  const seat = (vm: VmId, asked: Set<NodeId>): boolean => {
    for (const node of allowed.get(vm) ?? []) {
      if (asked.has(node)) continue;
      asked.add(node);
      const holder = sits.get(node);
      if (holder !== undefined && !seat(holder, asked)) continue;
      sits.set(node, vm);
      return true;
    }
    return false;
  };
  return [...allowed.keys()].every((vm) => seat(vm, new Set()));
}
