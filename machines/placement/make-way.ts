import { best, whyNotAll } from './bundle-room.ts';
import { whyNot } from './filter.ts';
import type { Positions } from './positions.ts';
import type { Inventory, LeasedVm, Member, PlacementNode } from './types.ts';

/** Some of the bundle run, and some find no room beside them. */
export interface Parted {
  readonly bundle: readonly Member[];
  readonly running: readonly LeasedVm[];
  readonly waiting: readonly Member[];
}

/** There is room for all where the running ones are by now: who waits only has to ask again. */
export function isRoomBeside(inventory: Inventory, { bundle, running }: Parted, { occupied }: Positions): boolean {
  const [first] = running;
  const here = inventory.nodes.find((each) => each.node === first?.node);
  const areTogether = running.every((member) => member.node === here?.node);
  return areTogether && here !== undefined && whyNotAll(here, bundle, inventory, occupied, whyNot) === undefined;
}

/**
 * The running ones make way to a node that holds them all, and the others follow. Also for one that never ran: it must be with
 * them, a live migration interrupts nobody, and refusing it would only leave a person to do the same by hand. Undefined: no
 * node holds all.
 */
export function whereRoomForAll(
  inventory: Inventory,
  { bundle, waiting }: Parted,
  { occupied }: Positions,
): { readonly node: PlacementNode; readonly why: string } | undefined {
  if (!bundle.some(({ ha }) => ha)) return undefined;
  const { node } = best(inventory, bundle, occupied);
  if (node === undefined) return undefined;
  const others = waiting.map(({ vm }) => vm);
  return { node, why: `${others.join(', ')} must be with it, and finds no room where it is` };
}
