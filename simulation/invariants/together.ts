import type { Scenario } from '../scenario/mod.ts';
import { type Decision, everyDecision, isUsable } from './decisions.ts';
import type { Watch, Watcher } from './watcher.ts';

/**
 * F1: whoever must be together is never parted by our own placement: each decision puts a VM where its companions are, or
 * goes at the same time. Companions on a node that is down or in maintenance bind nobody: they must leave as well.
 */
export function placementKeepsTogether({ scenario, violate }: Watch): Watcher {
  const bundles = mustBeTogether(scenario);
  return everyDecision((decision) => {
    for (const { vm, node } of decision.fresh) {
      // Its copy is there already, whatever the rules say.
      if (decision.asked.some((asked) => asked.vm === vm && asked.only !== null)) continue;
      for (const peer of bundles.get(vm) ?? []) {
        const where = peer === vm ? undefined : placeOf(decision, peer);
        if (where === undefined || where === node || !isUsable(decision, where)) continue;
        if (isBackApart(decision, vm, node, bundles.get(vm))) continue;
        violate(
          'F1: placement keeps together',
          `${vm} was given ${node}, but must be with ${peer}, which is on ${where}`,
        );
      }
    }
  });
}

/** It went back to where it was, and the bundle was apart already by somebody who stays elsewhere: nobody is parted anew. */
function isBackApart(decision: Decision, vm: string, node: string, bundle: ReadonlySet<string> | undefined): boolean {
  const { inventory, asked } = decision;
  if (inventory.leased.find((each) => each.vm === vm)?.node !== node) return false;
  return inventory.leased.some(
    (other) =>
      bundle?.has(other.vm) === true &&
      other.node !== node &&
      isUsable(decision, other.node) &&
      !asked.some((each) => each.vm === other.vm),
  );
}

/** Each VM that must be with others, with all of them: chained rules make one bundle. */
export function mustBeTogether({ rules }: Pick<Scenario, 'rules'>): ReadonlyMap<string, ReadonlySet<string>> {
  const bundles = new Map<string, Set<string>>();
  for (const rule of rules) {
    if (rule.kind !== 'vm' || rule.mode !== 'together' || rule.strength !== 'must') continue;
    const bundle = new Set(rule.vms.flatMap((vm) => [vm, ...(bundles.get(vm) ?? [])]));
    for (const vm of bundle) bundles.set(vm, bundle);
  }
  return bundles;
}

/** Undefined: it is nowhere, or asked for a place and got none. */
function placeOf({ inventory, asked, fresh, kept }: Decision, vm: string): string | undefined {
  const decided = [...fresh, ...kept].find((each) => each.vm === vm);
  if (decided !== undefined) return decided.node;
  if (asked.some((each) => each.vm === vm)) return undefined;
  return inventory.leased.find((each) => each.vm === vm)?.node;
}
