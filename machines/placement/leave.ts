import type { VmId } from '../ids.ts';
import { best, whyNotAll, wishes } from './bundle-room.ts';
import { bundlesOf } from './bundles.ts';
import { whyForbidden } from './filter.ts';
import type { Positions } from './positions.ts';
import { isBetter } from './score.ts';
import type { Inventory, LeasedVm, PlacedVm, PlacementNode } from './types.ts';

/** Whether a bundle that runs as a whole should move. Undefined: it stays. Without a node: it should go, and cannot. */
export function whereTo(
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

function isScattered({ rules }: Inventory, { vm }: PlacedVm, ends: readonly PlacedVm[]): boolean {
  const bundle = bundlesOf(rules).of(vm);
  return new Set(ends.filter((other) => bundle.includes(other.vm)).map(({ node }) => node)).size > 1;
}
