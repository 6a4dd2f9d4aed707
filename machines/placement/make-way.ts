import { best, whyNotAll } from './bundle-room.ts';
import { whyNot } from './filter.ts';
import type { Positions } from './positions.ts';
import type { Inventory, LeasedVm, PlacementNode } from './types.ts';

/**
 * Members of the bundle run, and others find no room beside them: the running ones make way to a node that holds them all,
 * and the others follow when they ask again. Undefined: there is room where they are by now, or no node holds all.
 */
export function whereRoomForAll(
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
