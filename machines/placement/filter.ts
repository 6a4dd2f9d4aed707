import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import type { Inventory, PlacementNode, PlacementRequest } from './types.ts';

/** Free resources of a node: what it has less what is placed on it. Where `besides` itself may have been does not count. */
export function freeOn(
  node: PlacementNode,
  { placed }: Inventory,
  besides?: VmId,
): { readonly cpus: number; readonly memoryMiB: number } {
  let { cpus, memoryMiB } = node;
  for (const vm of placed) {
    if (vm.node !== node.node || vm.vm === besides) continue;
    cpus -= vm.cpus;
    memoryMiB -= vm.memoryMiB;
  }
  return { cpus, memoryMiB };
}

/** Why the VM may not go to that node; undefined when it may. */
export function whyNot(node: PlacementNode, request: PlacementRequest, inventory: Inventory): string | undefined {
  const forbidden = whyForbidden(node, request, inventory);
  if (forbidden !== undefined) return forbidden;
  const free = freeOn(node, inventory, request.vm);
  if (free.memoryMiB < request.memoryMiB) return `${free.memoryMiB} MiB free, ${request.memoryMiB} needed`;
  if (free.cpus < request.cpus) return `${free.cpus} CPUs free, ${request.cpus} needed`;
  return undefined;
}

/** The same without counting room: why the VM may not *be* there. */
export function whyForbidden(
  node: PlacementNode,
  request: Pick<PlacementRequest, 'vm'>,
  inventory: Inventory,
): string | undefined {
  if (!node.alive) return 'not alive';
  if (node.maintenance) return 'in maintenance';
  return whyNodeRulesForbid(node, request, inventory) ?? whyPeersForbid(node, request, inventory);
}

/** Rules that speak of nodes and zones, not of other VMs. */
export function whyNodeRulesForbid(
  node: Pick<PlacementNode, 'node' | 'zone'>,
  { vm }: Pick<PlacementRequest, 'vm'>,
  { rules }: Pick<Inventory, 'rules'>,
): string | undefined {
  for (const rule of rules) {
    if (rule.kind === 'vm' || !rule.vms.includes(vm)) continue;
    if (rule.kind === 'zone') {
      if (rule.mode === 'must' && node.zone !== rule.zone) return `not in the ${rule.zone} zone`;
      continue;
    }
    const named = rule.nodes.some(({ name }) => name === node.node);
    if (rule.mode === 'required' && !named) return 'not among the nodes a rule requires';
    if (rule.mode === 'forbidden' && named) return 'forbidden by a rule';
  }
  return undefined;
}

function whyPeersForbid(
  node: PlacementNode,
  { vm }: Pick<PlacementRequest, 'vm'>,
  inventory: Inventory,
): string | undefined {
  const bundles = bundlesOf(inventory.rules);
  const apart = bundles.apartFrom(vm);
  const together = bundles.of(vm);
  if (apart.size === 0 && together.length === 1) return undefined;
  for (const other of inventory.placed) {
    if (other.vm === vm) continue;
    if (other.node === node.node && apart.has(other.vm)) return `must stay apart from ${other.vm}`;
    if (
      other.uncertain === undefined &&
      other.node !== node.node &&
      together.includes(other.vm) &&
      isUsable(other.node, inventory)
    )
      return `must be together with ${other.vm} on ${other.node}`;
  }
  return undefined;
}

/** Peers on a dead node move too: they bind nobody. */
function isUsable(node: NodeId, { nodes }: Inventory): boolean {
  return nodes.some((other) => other.node === node && other.alive && !other.maintenance);
}
