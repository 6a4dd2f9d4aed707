import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import type { Inventory, LeasedVm } from './types.ts';

/** One VM to be migrated while it runs. */
export interface Move {
  readonly vm: VmId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: string;
  /** What is recorded as its home from then on: the node that it leaves only for a while. */
  readonly home: NodeId | null;
}

/** The bundle of that VM, as far as it is known. */
export function membersOf(
  { rules }: Inventory,
  known: ReadonlyMap<VmId, LeasedVm>,
  { vm }: LeasedVm,
): readonly LeasedVm[] {
  return bundlesOf(rules)
    .of(vm)
    .flatMap((member) => known.get(member) ?? []);
}

/** What brings the whole bundle to that node. */
export function movesTo({ nodes }: Inventory, bundle: readonly LeasedVm[], to: NodeId, why: string): readonly Move[] {
  return bundle
    .filter(({ node }) => node !== to)
    .map(({ vm, node, home }) => {
      const isMaintained = nodes.some((each) => each.node === node && each.maintenance);
      const left = home ?? (isMaintained ? node : null);
      return { vm, from: node, to, why, home: left === to ? null : left };
    });
}
