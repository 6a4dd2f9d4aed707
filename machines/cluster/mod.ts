export { clusterMachine } from './cluster.ts';
export type { ClusterContext, ClusterInventory } from './context.ts';
export { type ClusterEvent, clusterEventSchema } from './events.ts';
