import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import type { Inventory, LeasedVm, Member } from './types.ts';

/** One VM to be migrated while it runs. */
export interface Move {
  readonly vm: VmId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: string;
  /** What is recorded as its home from then on: the node that it leaves only for a while. */
  readonly home: NodeId | null;
  /** Who waits for the room that it makes where it goes. */
  readonly waiters: readonly VmId[];
}

/** The bundle of that VM, as far as it is known. */
export function membersOf<Each extends Member>(
  { rules }: Inventory,
  known: ReadonlyMap<VmId, Each>,
  { vm }: LeasedVm,
): readonly Each[] {
  return bundlesOf(rules)
    .of(vm)
    .flatMap((member) => known.get(member) ?? []);
}

/** What brings all of them to that node. */
export function movesTo(
  { nodes }: Inventory,
  bundle: readonly LeasedVm[],
  to: NodeId,
  why: string,
  waiters: readonly VmId[] = [],
): readonly Move[] {
  return bundle
    .filter(({ node }) => node !== to)
    .map(({ vm, node, home }) => {
      const isMaintained = nodes.some((each) => each.node === node && each.maintenance);
      const left = home ?? (isMaintained ? node : null);
      return { vm, from: node, to, why, home: left === to ? null : left, waiters };
    });
}
