import type { NodeId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import { whyNot } from './filter.ts';
import { isBetter, type PlacementStyle, score } from './score.ts';
import type { Inventory, Placement, PlacementNode, PlacementRequest, Rejection } from './types.ts';

/**
 * F1: filters, then scores. Ties go to the node whose name sorts first, so every node would choose the same.
 * `among`: the nodes that come into question; what is on the others counts all the same.
 */
export function place(
  inventory: Inventory,
  request: PlacementRequest,
  style: PlacementStyle = 'spread',
  among: readonly PlacementNode[] = inventory.nodes,
): Placement {
  if (request.only !== undefined) {
    return { vm: request.vm, node: request.only, rejected: [], why: `${request.only}: there and nowhere else` };
  }
  const rejected: Rejection[] = [];
  let best: { readonly node: NodeId; readonly score: readonly number[] } | undefined;
  for (const node of among.toSorted((a, b) => (a.node < b.node ? -1 : 1))) {
    const why = whyNot(node, request, inventory);
    if (why !== undefined) {
      rejected.push({ node: node.node, why });
      continue;
    }
    const candidate = { node: node.node, score: score(node, request, inventory, style) };
    if (best === undefined || isBetter(candidate.score, best.score)) {
      if (best) rejected.push({ node: best.node, why: `scored below ${node.node}` });
      best = candidate;
    } else {
      rejected.push({ node: node.node, why: `scored not above ${best.node}` });
    }
  }
  const reasons = rejected.map(({ node, why }) => `${node}: ${why}`).join('; ');
  if (best === undefined && among.some((node) => mayReturn(node, request, inventory))) {
    const { vm, returnTo: node } = request;
    return {
      vm,
      ...(node === undefined ? {} : { node }),
      rejected: rejected.filter((each) => each.node !== node),
      why: `${node}: back where it was, as its companions are elsewhere already (${reasons})`,
    };
  }
  if (best === undefined) return { vm: request.vm, rejected, why: `fits nowhere (${reasons || 'no nodes'})` };
  return { vm: request.vm, node: best.node, rejected, why: reasons ? `${best.node} (${reasons})` : best.node };
}

/** Nothing speaks against that node but companions that were elsewhere before. */
function mayReturn(node: PlacementNode, request: PlacementRequest, inventory: Inventory): boolean {
  if (request.returnTo !== node.node) return false;
  const bundle = bundlesOf(inventory.rules).of(request.vm);
  const placed = inventory.placed.filter((other) => other.node === node.node || !bundle.includes(other.vm));
  return whyNot(node, request, { ...inventory, placed }) === undefined;
}

/**
 * F2: decides many at once, priority first, each seeing those before it. Tries the order of the requests on the emptiest
 * nodes, then the biggest first on the fullest; keeps the plan that restores more of the highest priority in which they
 * differ. A copy that is somewhere already is counted before all others: they may have to go with it, or keep away.
 */
export function placeAll(inventory: Inventory, requests: readonly PlacementRequest[]): readonly Placement[] {
  const rank = ({ only, priority }: PlacementRequest) => (only === undefined ? priority : Number.POSITIVE_INFINITY);
  const byPriority = requests.toSorted((a, b) => ordered(rank(b), rank(a)));
  const spread = plan(inventory, byPriority, 'spread');
  if (spread.every(({ node }) => node !== undefined)) return spread;
  const bigFirst = requests.toSorted((a, b) => ordered(rank(b), rank(a)) || b.memoryMiB - a.memoryMiB);
  const restored = (placements: readonly Placement[]) => restoredByPriority(byPriority, placements);
  return [plan(inventory, byPriority, 'pack'), plan(inventory, bigFirst, 'pack')].reduce(
    (best, other) => (isBetter(restored(other), restored(best)) ? other : best),
    spread,
  );
}

/** For sorting; infinities are equal to each other. */
function ordered(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** How many of each priority got a place, the highest priority first. */
function restoredByPriority(requests: readonly PlacementRequest[], placements: readonly Placement[]): number[] {
  const placed = new Set(placements.filter(({ node }) => node !== undefined).map(({ vm }) => vm));
  const priorities = [...new Set(requests.map(({ priority }) => priority))].sort((a, b) => b - a);
  return priorities.map((each) => requests.filter(({ vm, priority }) => priority === each && placed.has(vm)).length);
}

function plan(
  inventory: Inventory,
  requests: readonly PlacementRequest[],
  style: PlacementStyle,
): readonly Placement[] {
  let current = inventory;
  const placements: Placement[] = [];
  for (const request of requests) {
    if (placements.some(({ vm }) => vm === request.vm)) continue;
    for (const placement of placeBundle(current, bundleOf(inventory, requests, request), style)) {
      current = withPlaced(current, requests, placement);
      placements.push(placement);
    }
  }
  return placements;
}

/** The requests of VMs that must be on one node with this one. */
function bundleOf(
  { rules }: Inventory,
  requests: readonly PlacementRequest[],
  request: PlacementRequest,
): readonly PlacementRequest[] {
  const bundle = bundlesOf(rules).of(request.vm);
  return bundle.length === 1 ? [request] : requests.filter(({ vm }) => bundle.includes(vm));
}

/** Together on the best node that takes them all; one by one where none does, so that as many as possible come back. */
function placeBundle(
  inventory: Inventory,
  bundle: readonly PlacementRequest[],
  style: PlacementStyle,
): readonly Placement[] {
  return placeTogether(inventory, bundle, style) ?? placeInTurn(inventory, bundle, style, inventory.nodes);
}

/** All of them on the best node that takes them all; undefined when none does or there is nobody to be together with. */
function placeTogether(
  inventory: Inventory,
  bundle: readonly PlacementRequest[],
  style: PlacementStyle,
): readonly Placement[] | undefined {
  const [first] = bundle;
  if (first === undefined || bundle.length === 1) return undefined;
  // One whose copy is there already is placed there and nowhere else, whatever nodes are offered: they are not offered.
  let left = inventory.nodes.filter(({ node }) => first.only === undefined || node === first.only);
  // Invariant: each turn offers one node less than the one before.
  while (left.length > 0) {
    const best = place(inventory, first, style, left).node;
    if (best === undefined) return undefined;
    const placements = placeInTurn(
      inventory,
      bundle,
      style,
      left.filter(({ node }) => node === best),
    );
    if (placements.every(({ node }) => node === best)) return placements;
    left = left.filter(({ node }) => node !== best);
  }
  return undefined;
}

/** One after the other on those nodes, each seeing those before it. */
function placeInTurn(
  inventory: Inventory,
  bundle: readonly PlacementRequest[],
  style: PlacementStyle,
  among: readonly PlacementNode[],
): readonly Placement[] {
  let current = inventory;
  return bundle.map((request) => {
    const placement = place(current, request, style, among);
    current = withPlaced(current, bundle, placement);
    return placement;
  });
}

function withPlaced(inventory: Inventory, requests: readonly PlacementRequest[], { vm, node }: Placement): Inventory {
  const request = requests.find((candidate) => candidate.vm === vm);
  if (node === undefined || request === undefined) return inventory;
  const { cpus, memoryMiB } = request;
  const others = inventory.placed.filter((other) => other.vm !== vm || other.node !== node);
  return { ...inventory, placed: [...others, { vm, cpus, memoryMiB, node }] };
}
