export { freePorts, PortBusy } from './free-ports.ts';
export { ClusterNotReady, type NatsCluster, type NatsClusterOptions, startNatsCluster } from './nats-cluster.ts';
export type { NatsServerHandle } from './nats-process.ts';
