export type { DownEvidence } from './evidence.ts';
export { type NodeId, nodeId, type VmId, vmId } from './ids.ts';
export { type ClusterSettings, clusterSettings } from './settings.ts';
export {
  type Sensitivity,
  sensitivities,
  type TimingInput,
  type Timings,
  timingsFor,
  UnsafeTimings,
} from './timings/mod.ts';
