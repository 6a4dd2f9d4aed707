import type { VmId } from '../ids.ts';
import type { Move } from './bundle-moves.ts';
import type { Inventory, LeasedVm, Member, PlacedVm } from './types.ts';

/** The positions that count: a VM on its way occupies both ends, and wherever else it may run. */
export interface Positions {
  readonly occupied: readonly PlacedVm[];
  readonly ends: readonly PlacedVm[];
}

/** `vms`: every VM that should run, where it is leased. */
export function positionsOf({ placed }: Inventory, vms: readonly LeasedVm[]): Positions {
  const ends = placed.filter(({ uncertain }) => uncertain === undefined);
  const targets = new Map(ends.map((vm) => [vm.vm, vm.node]));
  const isKnown = (vm: LeasedVm) => placed.some((other) => other.vm === vm.vm && other.node === vm.node);
  const sources = vms.filter((vm) => targets.has(vm.vm) && targets.get(vm.vm) !== vm.node && !isKnown(vm));
  return { occupied: [...placed, ...sources], ends };
}

/** The same once those moves are under way. */
export function withMoves(
  { occupied, ends }: Positions,
  known: ReadonlyMap<VmId, Member>,
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
