export {
  InvalidAddress,
  JetStreamMissing,
  NotAuthorized,
  ServerTooOld,
  StreamMismatch,
  StreamMissing,
  UnsafeCompareAndSet,
  WriteImpossible,
} from './errors.ts';
export { assertPortFree, freePorts, PortBusy } from './free-ports.ts';
export { connectJetStream, type JetStreamOptions } from './jetstream-connect.ts';
export { ClusterNotReady, type NatsCluster, type NatsClusterOptions, startNatsCluster } from './nats-cluster.ts';
export type { NatsServerHandle } from './nats-process.ts';
