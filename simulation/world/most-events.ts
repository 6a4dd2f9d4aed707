import type { Scenario } from '../scenario/mod.ts';

/**
 * More events in one simulated second than a cluster of this size has in any. The most seen, where all agents begin at once: 100
 * a second for each pair of nodes and each VM in small clusters, 30 in large ones.
 */
export function mostEventsASecond({ nodes, vms }: Scenario): number {
  return 100_000 + 1000 * (nodes.length ** 2 + vms.length);
}
