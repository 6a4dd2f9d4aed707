import type { VmId } from '../ids.ts';
import type { Inventory, PlacedVm } from '../placement/mod.ts';
import type { ClusterInventory, Reservation } from './context.ts';

/** What placing these VMs has to count: what was decided, and where VMs may run besides. Their own places are free. */
export function inventoryFor(
  asked: ReadonlySet<VmId>,
  inventory: ClusterInventory,
  reservations: readonly Reservation[],
): Inventory {
  const reserved = withReservations(inventory, reservations);
  const placed = reserved.placed.filter(({ vm }) => !asked.has(vm));
  return { ...reserved, placed: [...placed, ...mayBeThere(inventory, asked, reservations)] };
}

/** What moving running VMs has to count: the same, but nobody's own place is free. */
export function inventoryForMoves(inventory: ClusterInventory, reservations: readonly Reservation[]): Inventory {
  const reserved = withReservations(inventory, reservations);
  const uncertain = onAlive(inventory, inventory.uncertain).filter(
    ({ vm, node }) => !isAmong(reserved.placed, vm, node),
  );
  return { ...reserved, placed: [...reserved.placed, ...uncertain] };
}

/** The inventory with what was decided and is not in it yet. */
function withReservations(inventory: Inventory, reservations: readonly Reservation[]): Inventory {
  const reserved = new Set(reservations.map(({ vm }) => vm));
  return { ...inventory, placed: [...inventory.placed.filter(({ vm }) => !reserved.has(vm)), ...reservations] };
}

/**
 * Where VMs may run besides where they are placed. Whoever is asked for may have been resumed by a node that is back: its
 * start elsewhere is then refused, and its room is taken. Whoever is on the way is also where it comes from.
 */
function mayBeThere(
  inventory: ClusterInventory,
  asked: ReadonlySet<VmId>,
  reserved: readonly Reservation[],
): readonly PlacedVm[] {
  const leased = inventory.leased.filter(
    ({ vm, node }) => asked.has(vm) || reserved.some((held) => held.vm === vm && held.node !== node),
  );
  const all = [...inventory.uncertain, ...leased.filter(({ vm, node }) => !isAmong(inventory.uncertain, vm, node))];
  return onAlive(inventory, all);
}

function onAlive({ nodes }: Inventory, list: readonly PlacedVm[]): readonly PlacedVm[] {
  const alive = new Set(nodes.filter((node) => node.alive).map(({ node }) => node));
  return list
    .filter(({ node }) => alive.has(node))
    .map(({ vm, node, cpus, memoryMiB }) => ({ vm, node, cpus, memoryMiB, uncertain: true }));
}

function isAmong(list: readonly PlacedVm[], vm: VmId, node: PlacedVm['node']): boolean {
  return list.some((other) => other.vm === vm && other.node === node);
}
