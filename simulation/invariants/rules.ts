import type { NodeId, VmId } from '#machines';
import type { Scenario } from '../scenario/mod.ts';
import type { SimHost } from '../world/host.ts';
import { Sizes } from './sizes.ts';
import type { Watch, Watcher } from './watcher.ts';

/** Where HA itself newly places a VM, no rule that must hold is broken and there is room for it. */
export function placementKeepsRules({ scenario, world, nowSeconds, violate }: Watch): Watcher {
  const lastOn = new Map<VmId, NodeId>();
  const sizes = new Sizes(nowSeconds);
  // Its copy is on the way out, and its room is free by the user's wish.
  const removed = new Set<string>();
  return {
    happens: (event) => {
      if (event.do === 'remove') removed.add(event.vm);
      if (event.do === 'add') removed.delete(event.vm);
    },
    documentChanged: (collection, id, _before, after) => {
      if (collection === 'vms') sizes.note(id, after);
    },
    copyChanged: (host, copy, before) => {
      if (copy.state !== 'running') return;
      const was = lastOn.get(copy.vm);
      lastOn.set(copy.vm, host.name);
      // At the beginning they are where the scenario wants them.
      if (nowSeconds() === 0 || was === host.name || before === 'suspended') return;
      const others = [...host.copies.values()]
        .filter(
          (other) =>
            other.vm !== copy.vm && other.state === 'running' && !removed.has(other.vm) && isHeldBy(other.vm, host),
        )
        .map((other) => other.vm);
      const why = brokenRule(scenario, copy.vm, host.name, others) ?? noRoom(copy.vm, host, others);
      if (why !== undefined) violate('F1: placement keeps the rules', `${copy.vm} was put on ${host.name}: ${why}`);
    },
  };

  function isHeldBy(vm: VmId, host: SimHost): boolean {
    const sector = world().storage.leases.get(vm);
    return sector?.status === 'held' && sector.node === host.name;
  }

  function noRoom(vm: VmId, host: SimHost, others: readonly VmId[]): string | undefined {
    const node = scenario.nodes.find(({ name }) => name === host.name);
    if (node === undefined) return undefined;
    const all = [vm, ...others].map((id) => sizes.leastOf(id));
    const cpus = all.reduce((sum, size) => sum + size.cpus, 0);
    const memoryMiB = all.reduce((sum, size) => sum + size.memoryMiB, 0);
    if (cpus > node.cpus) return `${cpus} CPUs on a node of ${node.cpus}`;
    return memoryMiB > node.memoryMiB ? `${memoryMiB} MiB on a node of ${node.memoryMiB}` : undefined;
  }
}

/** The first rule that must hold and does not with the VM on that node beside `others`, in words. */
export function brokenRule(
  { rules, nodes }: Scenario,
  vm: string,
  node: string,
  others: readonly string[],
): string | undefined {
  for (const rule of rules) {
    if (!rule.vms.includes(vm)) continue;
    if (rule.kind === 'node') {
      const named = rule.nodes.some(({ name }) => name === node);
      if (rule.mode === 'required' && !named) return 'a rule requires other nodes';
      if (rule.mode === 'forbidden' && named) return 'a rule forbids it';
    }
    if (rule.kind === 'zone' && rule.mode === 'must') {
      const zone = nodes.find(({ name }) => name === node)?.zone;
      if (zone !== rule.zone) return `a rule requires the ${rule.zone} zone`;
    }
    if (rule.kind === 'vm' && rule.mode === 'apart' && rule.strength === 'must') {
      const peer = others.find((other) => rule.vms.includes(other));
      if (peer !== undefined) return `a rule keeps it apart from ${peer}`;
    }
  }
  return undefined;
}
