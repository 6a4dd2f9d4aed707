export { type ClusterContext, type ClusterEvent, clusterEventSchema, clusterMachine } from './cluster.ts';
