import type { NodeId, VmId } from '../ids.ts';
import { bundlesOf } from './bundles.ts';
import type { Inventory, PlacedVm } from './types.ts';

/**
 * Where a VM was whose bundle (VMs that must be together) is apart already: a companion that stays where it is runs on another
 * node in use. If nothing else is left it may go back there: that parts nobody who is not parted, and a review gathers the
 * bundle as soon as some node holds it. Waiting instead would not end before a person made room. Undefined: the bundle is not
 * apart, and the rule holds without exception. `asked`: who is being placed.
 */
export function mayReturnTo(
  { nodes, rules }: Pick<Inventory, 'nodes' | 'rules'>,
  leased: readonly Pick<PlacedVm, 'vm' | 'node'>[],
  asked: ReadonlySet<VmId>,
  vm: VmId,
): NodeId | undefined {
  const was = leased.find((each) => each.vm === vm)?.node;
  const bundle = bundlesOf(rules).of(vm);
  if (was === undefined || bundle.length === 1) return undefined;
  const inUse = new Set(nodes.filter(({ alive, maintenance }) => alive && !maintenance).map(({ node }) => node));
  const isApart = leased.some(
    (other) => bundle.includes(other.vm) && !asked.has(other.vm) && other.node !== was && inUse.has(other.node),
  );
  return isApart ? was : undefined;
}
