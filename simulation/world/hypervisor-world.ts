import type { NodeId, VmId } from '#machines';
import type { VmCopy } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { GuestDisks } from './guest-disks.ts';
import type { SimCopy, SimHost } from './host.ts';

/** What the scenario wants to go wrong. */
export interface HypervisorFaults {
  readonly startFails: Map<VmId, { left: number; readonly node: NodeId | undefined }>;
  readonly suspendFails: Set<VmId>;
  /** So many of the next migrations fail. */
  readonly migrateFails: Map<VmId, number>;
}

/** What a hypervisor needs to know of the rest of the world. */
export interface HypervisorWorld {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** A disk on shared storage can be opened from there. */
  readonly diskReachable: (host: SimHost) => boolean;
  /** That host, if the memory of a VM can be sent to it. */
  readonly peer: (from: SimHost, to: NodeId) => SimHost | undefined;
  /** What bad links between two hosts add to each message of a migration, ms. */
  readonly migrationDelayMs?: (from: SimHost, to: SimHost) => number;
  /** Told of every change of a copy, at the instant it happens. */
  readonly changed: (host: SimHost, copy: SimCopy, before: VmCopy['state']) => void;
  /** Undefined: the I/O of guests' disks fails by itself when the path is away, and nothing is in flight. */
  readonly disks?: GuestDisks | undefined;
}
