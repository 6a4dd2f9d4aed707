import type { NodeId, VmId } from '../ids.ts';
import { type Move, membersOf, movesTo } from './bundle-moves.ts';
import { whyNotAll } from './bundle-room.ts';
import { whyNot } from './filter.ts';
import { positionsOf } from './positions.ts';
import type { Inventory, LeasedVm } from './types.ts';

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
