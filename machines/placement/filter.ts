import type { NodeId } from '../ids.ts';
import type { Inventory, PlacementNode, PlacementRequest } from './types.ts';

/** Free resources of a node: what it has less what is placed on it. */
export function freeOn(
  node: PlacementNode,
  { placed }: Inventory,
): { readonly cpus: number; readonly memoryMiB: number } {
  const here = placed.filter((vm) => vm.node === node.node);
  return {
    cpus: node.cpus - here.reduce((sum, vm) => sum + vm.cpus, 0),
    memoryMiB: node.memoryMiB - here.reduce((sum, vm) => sum + vm.memoryMiB, 0),
  };
}

/** Why the VM may not go to that node; undefined when it may. */
export function whyNot(node: PlacementNode, request: PlacementRequest, inventory: Inventory): string | undefined {
  if (!node.alive) return 'not alive';
  if (node.maintenance) return 'in maintenance';
  const free = freeOn(node, inventory);
  if (free.memoryMiB < request.memoryMiB) return `${free.memoryMiB} MiB free, ${request.memoryMiB} needed`;
  if (free.cpus < request.cpus) return `${free.cpus} CPUs free, ${request.cpus} needed`;
  return whyRulesForbid(node, request, inventory);
}

function whyRulesForbid(node: PlacementNode, { vm }: PlacementRequest, inventory: Inventory): string | undefined {
  for (const rule of inventory.rules) {
    if (!rule.vms.includes(vm)) continue;
    if (rule.kind === 'node') {
      const named = rule.nodes.some(({ name }) => name === node.node);
      if (rule.mode === 'required' && !named) return 'not among the nodes a rule requires';
      if (rule.mode === 'forbidden' && named) return 'forbidden by a rule';
    }
    if (rule.kind === 'zone' && rule.mode === 'must' && node.zone !== rule.zone) return `not in the ${rule.zone} zone`;
    if (rule.kind === 'vm' && rule.strength === 'must') {
      const peers = inventory.placed.filter((other) => other.vm !== vm && rule.vms.includes(other.vm));
      const here = peers.find((peer) => peer.node === node.node);
      if (rule.mode === 'apart' && here) return `must stay apart from ${here.vm}`;
      const elsewhere = peers.find((peer) => peer.node !== node.node && isUsable(peer.node, inventory));
      if (rule.mode === 'together' && elsewhere) return `must be together with ${elsewhere.vm} on ${elsewhere.node}`;
    }
  }
  return undefined;
}

/** Peers on a dead node move too: they bind nobody. */
function isUsable(node: NodeId, { nodes }: Inventory): boolean {
  return nodes.some((other) => other.node === node && other.alive && !other.maintenance);
}
