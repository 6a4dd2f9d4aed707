export { MAX_ATTEMPTS, waitAfterAttemptMs } from './attempts/mod.ts';
export { type ClusterInventory, clusterEventSchema, clusterMachine } from './cluster/mod.ts';
export type { DownEvidence } from './evidence.ts';
export { whyEvidenceFails } from './evidence-holds.ts';
export {
  detect,
  type Judgement,
  type Observation,
  type ReceivedObservation,
  readObservation,
  type SeenBy,
  seenBy,
  type Verdict,
} from './failure-detector/mod.ts';
export { type Confirmation, confirmed, looked, type SlotCount, whyNotFence } from './fencing/mod.ts';
export { type GuardianState, type GuardianStep, initialGuardian, stepGuardian } from './guardian/mod.ts';
export { type CommandResult, jobEventSchema, jobMachine, type MoveLeaseResult } from './ha-job/mod.ts';
export { type NodeId, nodeId, nodeIdSchema, type VmId, vmId, vmIdSchema } from './ids.ts';
export { type FenceAnswer, type FenceInput, type NodeContext, nodeEventSchema, nodeMachine } from './node/mod.ts';
export {
  contradictionsOf,
  type Inventory,
  type LeasedVm,
  type PlacedVm,
  type Placement,
  type PlacementNode,
  type PlacementRequest,
  place,
  placeAll,
  type Rejection,
  type Rule,
  ruleSchema,
} from './placement/mod.ts';
export { type ClusterSettings, clusterSettings } from './settings.ts';
export {
  type Sensitivity,
  sensitivities,
  type TimingInput,
  type Timings,
  timingsFor,
  UnsafeTimings,
} from './timings/mod.ts';
export { type VmContext, vmEventSchema, vmMachine } from './vm/mod.ts';
export {
  downEvidenceSchema,
  type Lease,
  type NodeDocument,
  nodeDocumentSchema,
  type VmDocument,
  vmDocumentSchema,
  vmSpecSchema,
} from './vm-document.ts';
