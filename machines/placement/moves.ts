import type { NodeId, VmId } from '../ids.ts';
import { type Move, membersOf, movesTo } from './bundle-moves.ts';
import { whereTo } from './leave.ts';
import { isRoomBeside, whereRoomForAll } from './make-way.ts';
import { positionsOf, withMoves } from './positions.ts';
import type { Inventory, LeasedVm, Member, Newcomer } from './types.ts';

export interface MovePlan {
  readonly moves: readonly Move[];
  /** VMs that should move and cannot, each with the reason. */
  readonly stuck: readonly { readonly vm: VmId; readonly why: string }[];
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
  /** What may start though it is not among `vms`; of them the roomless count. */
  newcomers: readonly Newcomer[] = [],
): MovePlan {
  const known = new Map<VmId, Member>(vms.map((vm) => [vm.vm, vm]));
  for (const vm of newcomers) if (roomless.has(vm.vm)) known.set(vm.vm, vm);
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
    const leased = bundle.filter(isLeased);
    const running = leased.filter((member) => !roomless.has(member.vm));
    if (running.some((member) => busy.has(member.vm) || !alive.has(member.node))) continue;
    if (running.every(({ node }) => (leaving.get(node) ?? 0) >= MOVES_PER_NODE)) continue;
    const parted = { bundle, running, waiting: bundle.filter((member) => roomless.has(member.vm)) };
    const isWaited = parted.waiting.length > 0;
    if (isWaited && isRoomBeside(inventory, parted, positions)) continue;
    const forAll = isWaited ? whereRoomForAll(inventory, parted, positions) : undefined;
    // Where no node holds all, one that never ran does not keep the others from leaving.
    const isWhole = running.length === leased.length;
    const wanted = forAll ?? (isWhole ? whereTo(inventory, running, positions, busy) : undefined);
    if (wanted === undefined) continue;
    if (wanted.node === undefined) {
      stuck.push({ vm: vm.vm, why: wanted.why });
      continue;
    }
    const waiters = forAll === undefined ? [] : parted.waiting.map(({ vm: waiter }) => waiter);
    const fresh = movesTo(inventory, running, wanted.node.node, wanted.why, waiters);
    for (const { from } of fresh) leaving.set(from, (leaving.get(from) ?? 0) + 1);
    moves.push(...fresh);
    positions = withMoves(positions, known, fresh);
  }
  return { moves, stuck };
}

function isLeased(member: Member): member is LeasedVm {
  return member.node !== undefined;
}

function byPriority(a: LeasedVm, b: LeasedVm): number {
  return b.priority - a.priority || (a.vm < b.vm ? -1 : 1);
}
