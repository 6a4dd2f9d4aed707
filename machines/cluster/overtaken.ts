import type { VmId } from '../ids.ts';
import { type PlacementRequest, placeAll } from '../placement/mod.ts';
import { type ClusterContext, type ClusterInventory, toPlacement } from './context.ts';
import { inventoryFor } from './occupied.ts';

/**
 * F2: VMs that found no room, are more important than one of those who ask now, and would be placed with them. Room may
 * appear without a word; whoever happens to ask next must not take it from those. Pure.
 */
export function overtakenBy(context: ClusterContext, inventory: ClusterInventory): readonly VmId[] {
  const { batch, roomless, reservations } = context;
  const asking = batch.filter(({ only }) => only === null);
  if (!inventory.armed || asking.length === 0 || roomless.length === 0) return [];
  const least = Math.min(...asking.map(({ priority }) => priority));
  const taken = new Set<VmId>([...batch.map(({ vm }) => vm), ...reservations.map(({ vm }) => vm)]);
  const waiting = [...inventory.leased, ...inventory.newcomers]
    .filter(({ vm, priority }) => roomless.includes(vm) && priority > least && !taken.has(vm))
    .map(({ vm, cpus, memoryMiB, priority }): PlacementRequest => ({ vm, cpus, memoryMiB, priority, avoid: [] }));
  if (waiting.length === 0) return [];
  const asked = new Set<VmId>([...batch, ...waiting].map(({ vm }) => vm));
  const kept = reservations.filter(({ vm }) => !asked.has(vm));
  const plan = placeAll(inventoryFor(asked, inventory, kept), [...batch.map(toPlacement), ...waiting]);
  return waiting.map(({ vm }) => vm).filter((vm) => plan.some((each) => each.vm === vm && each.node !== undefined));
}
