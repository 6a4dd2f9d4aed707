import { type Asked, type Decision, everyDecision, isUsable } from './decisions.ts';
import { brokenRule } from './rules.ts';
import { mustBeTogether } from './together.ts';
import { recordOf, type Watch, type Watcher } from './watcher.ts';

/**
 * F2: where room is short, the more important VM gets it. Nobody is given a place that one of higher priority, who found
 * none, could have instead: neither one who asked at the same time, nor one who waits and was not told of the room.
 */
export function importantFirst({ scenario, world, violate }: Watch): Watcher {
  const bundles = mustBeTogether(scenario);
  /** As the database has them; a change reaches requests under way late, so all that a VM ever had count. */
  const priorities = new Map<string, { readonly lowest: number; readonly highest: number }>();
  /** Who found no room, and has not been told since that there may be some. */
  const waiting = new Map<string, Asked>();
  const decisions = everyDecision((decision) => {
    const { inventory, asked, fresh } = decision;
    for (const request of asked) {
      if (fresh.some(({ vm }) => vm === request.vm)) waiting.delete(request.vm);
      else if (inventory.armed || request.cause === 'user') waiting.set(request.vm, request);
    }
    if (!inventory.armed) return;
    for (const { vm, node } of fresh) {
      const winner = asked.find((request) => request.vm === vm);
      // A move takes nobody's place; a copy that is there already must go on there.
      if (winner === undefined || winner.only !== null) continue;
      const loser = [...waiting.values()].find(
        (other) => !runs(other.vm) && isLessImportant(decision, winner, other) && couldHave(decision, other, vm, node),
      );
      if (loser === undefined) continue;
      const why = `${vm} was given ${node}, which ${loser.vm} of higher priority waits for`;
      violate('F2: the important ones first', why);
    }
  });
  return {
    committed: (entry) => {
      decisions.committed?.(entry);
      if (entry.address !== 'cluster/main') return;
      for (const { to, type } of recordOf(entry).tells) if (type === 'capacity') waiting.delete(to.slice('vm/'.length));
    },
    // Resumed where it was: it needs no room, whether or not anybody could tell the others yet.
    copyChanged: (_host, copy) => {
      if (copy.state === 'running') waiting.delete(copy.vm);
    },
    documentChanged: (collection, id, _before, after) => {
      if (collection !== 'vms') return;
      // Stopped, removed or given up: it waits no more.
      if (after?.recorded !== 'running' || after.actual !== undefined) waiting.delete(id);
      if (after === undefined) return;
      const priority = Number(after.priority);
      const { lowest, highest } = priorityOf(id);
      priorities.set(id, { lowest: Math.min(lowest, priority), highest: Math.max(highest, priority) });
    },
  };

  /** Resumed where it was, while its recovery asked for room once more before it heard of that. */
  function runs(vm: string): boolean {
    const copies = [...world().hosts.values()].flatMap((host) => [...host.copies.values()]);
    return copies.some((copy) => copy.vm === vm && copy.state === 'running');
  }

  function priorityOf(vm: string): { readonly lowest: number; readonly highest: number } {
    return priorities.get(vm) ?? { lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY };
  }

  /** A bundle is as important as the most important of those who ask. */
  function isLessImportant({ asked }: Decision, winner: Asked, other: Asked): boolean {
    const bundle = bundles.get(winner.vm);
    if (bundle?.has(other.vm) === true) return false;
    const all = asked.filter(({ vm }) => vm === winner.vm || bundle?.has(vm) === true);
    const { lowest } = priorityOf(other.vm);
    return all.every(({ vm }) => priorityOf(vm).highest < lowest);
  }

  /** Whether `request` could be on that node if `winner` was not. Whoever may be there counts, so the answer is a safe one. */
  function couldHave(decision: Decision, request: Asked, winner: string, name: string): boolean {
    const node = decision.inventory.nodes.find((each) => each.node === name);
    if (node === undefined || !isUsable(decision, name)) return false;
    const { leased, uncertain } = decision.inventory;
    const there = new Map(
      [...leased, ...uncertain, ...decision.fresh, ...decision.kept]
        .filter((each) => each.node === name && each.vm !== request.vm && each.vm !== winner)
        .map((each) => [each.vm, each]),
    );
    const others = [...there.values()];
    const cpus = others.reduce((sum, each) => sum + each.cpus, request.cpus);
    const memoryMiB = others.reduce((sum, each) => sum + each.memoryMiB, request.memoryMiB);
    if (cpus > node.cpus || memoryMiB > node.memoryMiB) return false;
    // With its companions it is another matter. Whoever is bound to one that is there may be kept apart from it too.
    if (bundles.has(request.vm)) return false;
    const bound = [...there.keys()].flatMap((vm) => [vm, ...(bundles.get(vm) ?? [])]);
    return brokenRule(scenario, request.vm, name, bound) === undefined;
  }
}
