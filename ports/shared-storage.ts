import type { NodeId, VmId } from '#machines';

/** A node's slot in the heartbeat area. Only that node writes it. */
export interface Slot {
  readonly node: NodeId;
  /** Grows by one at each boot of the host, not at a restart of the agent: VMs outlive their agent. */
  readonly incarnation: number;
  /** Grows by one at each attempted write, also over agent restarts within one incarnation. */
  readonly sequence: number;
  readonly state: 'running' | 'isolated' | 'suspended' | 'stopping';
}

/**
 * How often a node's host booted and its agent started. Changed by compare-and-write only, so no late write can take it back,
 * as one can a slot: what an agent says is above all that any agent before it ever said. Invariant: both only grow.
 */
export interface StartCount {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly starts: number;
}

/** A VM's lease sector. Invariant: `epoch` only grows; `generation` grows at every change. */
export interface LeaseSector {
  readonly vm: VmId;
  readonly epoch: number;
  readonly generation: number;
  /** `held`: that incarnation of `node` may run it. `released`: nobody may. `stopped`: nobody, and on its guest's or user's own wish (T7b). */
  readonly status: 'held' | 'released' | 'stopped';
  readonly node: NodeId;
  readonly incarnation: number;
  /**
   * The highest slot sequence that `node` had attempted when it took or claimed it. Evidence up to an earlier sequence says
   * nothing about a copy that was claimed since; and unlike the slot, no late write can take this back.
   */
  readonly sequence: number;
}

/**
 * The area on shared storage that every node sees. Every method throws `StorageUnavailable` (retryable): a write that
 * threw may still land later. Reads bypass caches.
 */
export interface SharedStorage {
  writeSlot(slot: Slot): Promise<void>;
  readSlots(): Promise<readonly Slot[]>;
  readLease(vm: VmId): Promise<LeaseSector | undefined>;
  readLeases(): Promise<readonly LeaseSector[]>;
  /**
   * Atomic: writes `next` only if the sector still equals `expected` (undefined = never written). False if it does not, which
   * may be the doing of this very write: a driver may repeat a request that was done and not answered.
   */
  compareAndWriteLease(expected: LeaseSector | undefined, next: LeaseSector): Promise<boolean>;
  readStartCount(node: NodeId): Promise<StartCount | undefined>;
  /** Atomic, as with leases. */
  compareAndWriteStartCount(expected: StartCount | undefined, next: StartCount): Promise<boolean>;
  close(): Promise<void>;
}
