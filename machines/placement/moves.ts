import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import { whyForbidden, whyNot } from './filter.ts';
import { isBetter, preferredPeers, preferredTier } from './score.ts';
import type { Inventory, LeasedVm, PlacedVm, PlacementNode, PlacementRequest } from './types.ts';

/** One VM to be migrated while it runs. */
export interface Move {
  readonly vm: VmId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: string;
  /** What is recorded as its home from then on: the node that it leaves only for a while. */
  readonly home: NodeId | null;
}

export interface MovePlan {
  readonly moves: readonly Move[];
  /** VMs that should move and cannot, each with the reason. */
  readonly stuck: readonly { readonly vm: VmId; readonly why: string }[];
}

/** The positions that count: a VM on its way occupies both ends, and wherever else it may run. */
interface Positions {
  readonly occupied: readonly PlacedVm[];
  readonly ends: readonly PlacedVm[];
}

/** More VMs than this do not leave one node at a time; a bundle moves whole. */
const MOVES_PER_NODE = 4;

/**
 * Which running VMs to migrate: those that break a rule where they are or whose node goes into maintenance, then those
 * that would rather be elsewhere and fail back. A move goes only where it breaks no rule *now*, counting VMs under way at
 * both ends; so rules may be mended step by step, and nothing is moved back and forth by load. `busy`: VMs that are being
 * moved or recovered; their bundles wait. `inventory.placed` has every VM, those on their way at their target, and besides
 * (`uncertain`) where one may have been left: nothing is moved on top of that.
 */
export function planMoves(
  inventory: Inventory,
  vms: readonly LeasedVm[],
  busy: ReadonlySet<VmId>,
  /** Of the busy ones, who runs nowhere because it finds no room. */
  roomless: ReadonlySet<VmId> = new Set(),
): MovePlan {
  const known = new Map(vms.map((vm) => [vm.vm, vm]));
  const alive = new Set(inventory.nodes.filter((node) => node.alive).map(({ node }) => node));
  const leaving = new Map<NodeId, number>();
  for (const vm of busy) {
    const node = known.get(vm)?.node;
    if (node !== undefined) leaving.set(node, (leaving.get(node) ?? 0) + 1);
  }
  const quiet = new Set(inventory.nodes.filter((node) => node.alive && !node.maintenance).map(({ node }) => node));
  const ruled = new Set(inventory.rules.flatMap((rule) => rule.vms));
  let positions = positionsOf(inventory, vms);
  const moves: Move[] = [];
  const stuck: { vm: VmId; why: string }[] = [];
  const done = new Set<VmId>();
  for (const vm of vms.toSorted(byPriority)) {
    // Most VMs: no rule, no other home, a node that stays.
    if (done.has(vm.vm) || (!ruled.has(vm.vm) && vm.home === null && quiet.has(vm.node))) continue;
    const bundle = membersOf(inventory, known, vm);
    for (const member of bundle) done.add(member.vm);
    const running = bundle.filter((member) => !roomless.has(member.vm));
    if (running.some((member) => busy.has(member.vm) || !alive.has(member.node))) continue;
    if (running.every(({ node }) => (leaving.get(node) ?? 0) >= MOVES_PER_NODE)) continue;
    const isWhole = running.length === bundle.length;
    const wanted = isWhole
      ? whereTo(inventory, bundle, positions, busy)
      : whereRoomForAll(inventory, bundle, running, positions);
    if (wanted === undefined) continue;
    if (wanted.node === undefined) {
      stuck.push({ vm: vm.vm, why: wanted.why });
      continue;
    }
    const fresh = movesTo(inventory, running, wanted.node.node, wanted.why);
    for (const { from } of fresh) leaving.set(from, (leaving.get(from) ?? 0) + 1);
    moves.push(...fresh);
    positions = withMoves(positions, known, fresh);
  }
  return { moves, stuck };
}

/** A user's wish to have `vm`, and whatever must stay with it, on `to`: the moves, or why not. */
export function planUserMove(
  inventory: Inventory,
  vms: readonly LeasedVm[],
  busy: ReadonlySet<VmId>,
  { vm, to }: { readonly vm: VmId; readonly to: NodeId },
): { readonly moves: readonly Move[] } | { readonly refused: string } {
  const known = new Map(vms.map((each) => [each.vm, each]));
  const asked = known.get(vm);
  const node = inventory.nodes.find((each) => each.node === to);
  if (asked === undefined) return { refused: 'it does not run' };
  if (node === undefined) return { refused: `there is no node ${to}` };
  const bundle = membersOf(inventory, known, asked);
  const underWay = bundle.find((member) => busy.has(member.vm));
  if (underWay !== undefined) return { refused: `${underWay.vm} is on its way already` };
  if (bundle.every((member) => member.node === to)) return { refused: `it is on ${to} already` };
  const why = whyNotAll(node, bundle, inventory, positionsOf(inventory, vms).occupied, whyNot);
  if (why !== undefined) return { refused: `${to}: ${why}` };
  // A user's choice is where it belongs from now on.
  const moves = movesTo(inventory, bundle, to, 'a user asked for it').map((move) => ({ ...move, home: null }));
  return { moves };
}

function byPriority(a: LeasedVm, b: LeasedVm): number {
  return b.priority - a.priority || (a.vm < b.vm ? -1 : 1);
}

function membersOf({ rules }: Inventory, known: ReadonlyMap<VmId, LeasedVm>, { vm }: LeasedVm): readonly LeasedVm[] {
  return bundlesOf(rules)
    .of(vm)
    .flatMap((member) => known.get(member) ?? []);
}

function positionsOf({ placed }: Inventory, vms: readonly LeasedVm[]): Positions {
  const ends = placed.filter(({ uncertain }) => uncertain === undefined);
  const targets = new Map(ends.map((vm) => [vm.vm, vm.node]));
  const isKnown = (vm: LeasedVm) => placed.some((other) => other.vm === vm.vm && other.node === vm.node);
  const sources = vms.filter((vm) => targets.has(vm.vm) && targets.get(vm.vm) !== vm.node && !isKnown(vm));
  return { occupied: [...placed, ...sources], ends };
}

function withMoves(
  { occupied, ends }: Positions,
  known: ReadonlyMap<VmId, LeasedVm>,
  moves: readonly Move[],
): Positions {
  const arrivals = moves.flatMap(({ vm, to }): PlacedVm[] => {
    const { cpus, memoryMiB } = known.get(vm) ?? { cpus: 0, memoryMiB: 0 };
    return [{ vm, node: to, cpus, memoryMiB }];
  });
  const moved = new Set(moves.map(({ vm }) => vm));
  return {
    occupied: [...occupied, ...arrivals],
    ends: [...ends.filter(({ vm }) => !moved.has(vm)), ...arrivals],
  };
}

/** Undefined: it stays. Without a node: it should go, and cannot. */
function whereTo(
  inventory: Inventory,
  bundle: readonly LeasedVm[],
  { occupied, ends }: Positions,
  busy: ReadonlySet<VmId>,
): { readonly node?: PlacementNode; readonly why: string } | undefined {
  const breach = whyLeave(inventory, bundle, ends);
  const mayMove = bundle.some(({ ha }) => ha);
  if (breach !== undefined) {
    if (!mayMove && !breach.maintenance) return undefined;
    const free = best(inventory, bundle, occupied);
    if (free.node !== undefined) return { node: free.node, why: breach.why };
    // Nothing is free of opponents now. Those that break a rule themselves are about to leave: only others count.
    const underWay = occupied.filter(({ vm, uncertain }) => uncertain !== undefined || busy.has(vm));
    const settled = [...ends.filter((vm) => !isScattered(inventory, vm, ends)), ...underWay];
    const soon = breach.maintenance ? free : best(inventory, bundle, settled);
    if (soon.node !== undefined) return { node: soon.node, why: breach.why };
    return { why: `${breach.why}, and fits nowhere (${free.why})` };
  }
  const [first] = bundle;
  if (!mayMove || first === undefined || !bundle.every(({ failback }) => failback)) return undefined;
  const here = inventory.nodes.find(({ node }) => node === first.node);
  if (here === undefined) return undefined;
  const now = wishes(here, bundle, inventory);
  if (!inventory.nodes.some((node) => isBetter(wishes(node, bundle, inventory), now))) return undefined;
  const there = best(inventory, bundle, occupied).node;
  if (there === undefined || there.node === here.node) return undefined;
  if (!isBetter(wishes(there, bundle, inventory), now)) return undefined;
  return { node: there, why: `it would rather be on ${there.node} (fail-back)` };
}

/**
 * Members of the bundle run, and others find no room beside them: the running ones make way to a node that holds them all,
 * and the others follow when they ask again. Undefined: there is room where they are by now, or no node holds all.
 */
function whereRoomForAll(
  inventory: Inventory,
  bundle: readonly LeasedVm[],
  running: readonly LeasedVm[],
  { occupied }: Positions,
): { readonly node: PlacementNode; readonly why: string } | undefined {
  if (!bundle.some(({ ha }) => ha)) return undefined;
  const { node } = best(inventory, bundle, occupied);
  const [first] = running;
  if (node === undefined || first === undefined) return undefined;
  const here = inventory.nodes.find((each) => each.node === first.node);
  const areTogether = running.every((member) => member.node === first.node);
  if (areTogether && here !== undefined && whyNotAll(here, bundle, inventory, occupied, whyNot) === undefined)
    return undefined;
  const others = bundle.filter((member) => !running.includes(member)).map(({ vm }) => vm);
  return { node, why: `${others.join(', ')} must be with it, and finds no room where it is` };
}

/** Why the bundle may not stay as it is. */
function whyLeave(
  inventory: Inventory,
  bundle: readonly LeasedVm[],
  ends: readonly PlacedVm[],
): { readonly why: string; readonly maintenance: boolean } | undefined {
  const where = new Set(bundle.map(({ node }) => node));
  if (where.size > 1) return { why: `must be together, but is on ${[...where].sort().join(', ')}`, maintenance: false };
  const here = inventory.nodes.find(({ node }) => where.has(node));
  if (here === undefined) return undefined;
  const why = whyNotAll(here, bundle, inventory, ends, whyForbidden);
  return why === undefined ? undefined : { why: `${here.node}: ${why}`, maintenance: here.maintenance };
}

type Objection = (node: PlacementNode, request: PlacementRequest, inventory: Inventory) => string | undefined;

/** Why not all of the bundle may be on that node, each seeing those before it. */
function whyNotAll(
  node: PlacementNode,
  bundle: readonly LeasedVm[],
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

function best(
  inventory: Inventory,
  bundle: readonly LeasedVm[],
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
function wishes(node: PlacementNode, bundle: readonly LeasedVm[], inventory: Inventory): readonly number[] {
  const tiers = bundle.reduce((sum, vm) => sum + preferredTier(node, vm, inventory), 0);
  const homes = bundle.filter(({ home }) => home === node.node).length;
  const zones = bundle.filter(({ vm }) =>
    inventory.rules.some((rule) => rule.kind === 'zone' && rule.vms.includes(vm) && rule.zone === node.zone),
  ).length;
  return [tiers, homes, zones];
}

/** Decide only where to, never whether: few moves, companions, the primary zone (B6), room. */
function comforts(node: PlacementNode, bundle: readonly LeasedVm[], inventory: Inventory): readonly number[] {
  const there = bundle.filter((vm) => vm.node === node.node).length;
  const peers = bundle.reduce((sum, vm) => sum + preferredPeers(node, vm, inventory), 0);
  const used = inventory.placed.filter((vm) => vm.node === node.node);
  const memoryMiB = used.reduce((sum, vm) => sum + vm.memoryMiB, 0);
  const cpus = used.reduce((sum, vm) => sum + vm.cpus, 0);
  const share = memoryMiB / node.memoryMiB + cpus / node.cpus;
  return [there, peers, node.zone === 'primary' ? 1 : 0, -share];
}

function isScattered({ rules }: Inventory, { vm }: PlacedVm, ends: readonly PlacedVm[]): boolean {
  const bundle = bundlesOf(rules).of(vm);
  return new Set(ends.filter((other) => bundle.includes(other.vm)).map(({ node }) => node)).size > 1;
}

function movesTo({ nodes }: Inventory, bundle: readonly LeasedVm[], to: NodeId, why: string): readonly Move[] {
  return bundle
    .filter(({ node }) => node !== to)
    .map(({ vm, node, home }) => {
      const isMaintained = nodes.some((each) => each.node === node && each.maintenance);
      const left = home ?? (isMaintained ? node : null);
      return { vm, from: node, to, why, home: left === to ? null : left };
    });
}
