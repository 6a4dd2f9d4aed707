import { freeOn } from './filter.ts';
import type { Inventory, PlacementNode, PlacementRequest } from './types.ts';

/** `spread`: the emptiest node first. `pack`: the fullest that fits, so that big VMs find room later (F2). */
export type PlacementStyle = 'spread' | 'pack';

/**
 * Compared element by element, higher is better: not tried in vain, preferred tier, where it was, preferred peers, zone (B6), room.
 * An order of wishes, not a sum of weights: no amount of free memory outweighs a person's preference.
 */
export function score(
  node: PlacementNode,
  request: PlacementRequest,
  inventory: Inventory,
  style: PlacementStyle,
): readonly number[] {
  const room = freeOn(node, inventory);
  const share = (room.memoryMiB / node.memoryMiB + room.cpus / node.cpus) / 2;
  const stays = request.stay === node.node ? 1 : 0;
  return [
    request.avoid.includes(node.node) ? 0 : 1,
    request.failback === false ? stays : 0,
    preferredTier(node, request, inventory),
    stays,
    preferredPeers(node, request, inventory),
    preferredZone(node, request, inventory),
    style === 'spread' ? share : -share,
  ];
}

export function isBetter(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}

/** The highest tier that a rule gives this node for this VM; 0: none. */
export function preferredTier(node: PlacementNode, { vm }: Pick<PlacementRequest, 'vm'>, { rules }: Inventory): number {
  const tiers = rules.flatMap((rule) =>
    rule.kind === 'node' && rule.mode !== 'forbidden' && rule.vms.includes(vm)
      ? rule.nodes.filter(({ name }) => name === node.node).map(({ tier }) => tier)
      : [],
  );
  return Math.max(0, ...tiers);
}

/** How many preferred companions are there, less those it would rather avoid. */
export function preferredPeers(
  node: PlacementNode,
  { vm }: Pick<PlacementRequest, 'vm'>,
  { rules, placed }: Inventory,
): number {
  let wishes = 0;
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.strength !== 'prefer' || !rule.vms.includes(vm)) continue;
    const here = placed.filter(
      (peer) => peer.node === node.node && peer.vm !== vm && rule.vms.includes(peer.vm),
    ).length;
    wishes += rule.mode === 'together' ? here : -here;
  }
  return wishes;
}

function preferredZone(node: PlacementNode, { vm }: PlacementRequest, { rules }: Inventory): number {
  const rule = rules.find((candidate) => candidate.kind === 'zone' && candidate.vms.includes(vm));
  const wanted = rule?.kind === 'zone' ? rule.zone : 'primary';
  return node.zone === wanted ? 1 : 0;
}
