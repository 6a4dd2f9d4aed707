import type { VmId } from '../ids.ts';
import type { Rule } from './types.ts';

export interface Bundles {
  /** The VMs that must be on one node with this one, itself included, in alphabetical order. Chained rules make one bundle. */
  of(vm: VmId): readonly VmId[];
  /** The VMs that may not share a node with this one, each with its whole bundle. */
  apartFrom(vm: VmId): ReadonlySet<VmId>;
}

const known = new WeakMap<readonly Rule[], Bundles>();

/** What the `must` rules between VMs come to. Kept per list of rules: placing many VMs asks it again and again. */
export function bundlesOf(rules: readonly Rule[]): Bundles {
  const found = known.get(rules);
  if (found !== undefined) return found;
  const made = makeBundles(rules);
  known.set(rules, made);
  return made;
}

function makeBundles(rules: readonly Rule[]): Bundles {
  const bundleOf = new Map<VmId, readonly VmId[]>();
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.strength !== 'must' || rule.mode !== 'together') continue;
    const joined = [...new Set(rule.vms.flatMap((vm) => bundleOf.get(vm) ?? [vm]))].sort();
    for (const vm of joined) bundleOf.set(vm, joined);
  }
  const of = (vm: VmId) => bundleOf.get(vm) ?? [vm];
  const apart = new Map<VmId, Set<VmId>>();
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.strength !== 'must' || rule.mode !== 'apart') continue;
    for (const vm of rule.vms) {
      const others = rule.vms.filter((other) => !of(vm).includes(other)).flatMap(of);
      for (const member of of(vm)) apart.set(member, new Set([...(apart.get(member) ?? []), ...others]));
    }
  }
  const nobody: ReadonlySet<VmId> = new Set();
  return { of, apartFrom: (vm) => apart.get(vm) ?? nobody };
}
