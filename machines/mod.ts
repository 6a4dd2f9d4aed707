export type { DownEvidence } from './evidence.ts';
export { type NodeId, nodeId, type VmId, vmId } from './ids.ts';
