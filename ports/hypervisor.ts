import type { NodeId, VmId } from '#machines';

/** What is needed to start a VM anywhere. `disk` is a path or URL on shared storage. */
export interface VmSpec {
  readonly vm: VmId;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly disk: string;
}

/** A VM's copy on this host. `epoch`: of the lease under which it was started. */
export interface VmCopy {
  readonly vm: VmId;
  readonly epoch: number;
  readonly state: 'running' | 'suspended' | 'off';
  /** Why an `off` copy is off. `crashed`: QEMU died; `guest-shutdown`: the guest's own wish; `destroyed`: by us; `lost`: host rebooted; `migrated`: it went on elsewhere. */
  readonly reason?: 'crashed' | 'guest-shutdown' | 'destroyed' | 'lost' | 'migrated' | 'unknown';
}

/**
 * Only this host's copies. Methods are idempotent; they throw `HypervisorError` with the cause kept. A call outlives the
 * process that made it. Calls about one VM are done one after the other, and `list` shows a VM as soon as its start was
 * taken: what `destroy` was answered for cannot run because of an earlier call.
 */
export interface Hypervisor {
  list(): Promise<readonly VmCopy[]>;
  /** Defines and starts. Resolves when the VM runs (its CPUs, not its guest OS). */
  start(spec: VmSpec, epoch: number): Promise<void>;
  /** When it resolves the CPUs stand and no write of the copy is in flight; `list` may say suspended before. */
  suspend(vm: VmId): Promise<void>;
  /**
   * Ends or awaits what earlier calls, also those of a process that died, may still do to a copy: afterwards a suspended one
   * stays suspended, and a migration has ended. Throws when that is not certain.
   */
  settle(vm: VmId): Promise<void>;
  resume(vm: VmId): Promise<void>;
  /** Asks the guest to shut down (ACPI); says nothing about whether it will. */
  shutdown(vm: VmId): Promise<void>;
  /** Forces it off. When it resolves the copy can write no more. */
  destroy(vm: VmId): Promise<void>;
  /**
   * Moves a running copy to another host while it runs, and leaves it there *suspended*, of that epoch. Resolves when it is
   * off here for good, reason `migrated`. Throws when it is not certain that it arrived: then it may be here as it was, or off.
   */
  migrate(vm: VmId, to: NodeId, epoch: number): Promise<void>;
  /** Forgets an `off` copy; destroys a suspended one first. */
  remove(vm: VmId): Promise<void>;
  /** Changes as they happen; some may be missed while the connection is down: list() is the truth. */
  subscribe(listener: (copy: VmCopy) => void): () => void;
  close(): Promise<void>;
}
