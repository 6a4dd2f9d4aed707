import type { Verdict } from '../failure-detector/mod.ts';
import type { NodeId } from '../ids.ts';

/** Its beats reach the database: the servers on it, if any, are of use. */
const SERVES: ReadonlySet<Verdict> = new Set<Verdict>(['healthy', 'storage-isolated']);

/**
 * Why `node` must not be fenced now; undefined: it may. `members`: the nodes that run servers of messaging and the database.
 * With fewer than a majority of them well beside it, its own servers are what keeps the cluster able to decide anything:
 * only its agent is silent, its watchdog resets it, and the takeover bound proves that.
 */
export function whyNotFence(
  node: NodeId,
  members: readonly NodeId[],
  judgements: ReadonlyMap<NodeId, { readonly verdict: Verdict }>,
): string | undefined {
  if (!members.includes(node)) return undefined;
  const majority = Math.floor(members.length / 2) + 1;
  const well = members.filter((other) => {
    const judgement = judgements.get(other);
    return other !== node && judgement !== undefined && SERVES.has(judgement.verdict);
  });
  if (well.length >= majority) return undefined;
  return `its servers are needed: without them ${well.length} of ${members.length} would be left, fewer than ${majority}`;
}
