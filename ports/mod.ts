export type { CollectionName, Database, Document } from './database.ts';
export { DatabaseUnavailable, HypervisorError, RevisionConflict, StorageUnavailable } from './errors.ts';
export type { Fence, FenceResult } from './fence.ts';
export type { Hypervisor, VmCopy, VmSpec } from './hypervisor.ts';
export type { Probes } from './probes.ts';
export type { LeaseSector, SharedStorage, Slot, StartCount } from './shared-storage.ts';
export type { Watchdog } from './watchdog.ts';
