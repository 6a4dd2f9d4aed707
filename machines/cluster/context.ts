import type { NodeId, VmId } from '../ids.ts';
import type { Inventory, LeasedVm, Move, Newcomer, PlacedVm, PlacementRequest } from '../placement/mod.ts';
import type { PlaceEvent } from './events.ts';

/** What the database and the failure detector say, as one host sees it. */
export interface ClusterInventory extends Inventory {
  /** `placed` with what moves ask for. */
  readonly leased: readonly LeasedVm[];
  /** VMs that take no place and were not given up: a user may be starting them. */
  readonly newcomers: readonly Newcomer[];
  /** VMs where they were leased before, as long as they may run there still. */
  readonly uncertain: readonly PlacedVm[];
  readonly armed: boolean;
}

export type Request = Omit<PlaceEvent, 'type'>;

export interface Reservation extends PlacedVm {
  /** Settled, but the inventory that will show it has not begun yet. */
  readonly settled: boolean;
}

/** JSON: it is committed at every step. */
export interface ClusterContext {
  readonly queue: readonly Request[];
  /** Being decided with the inventory under way. */
  readonly batch: readonly Request[];
  /** A user's moves, and those being decided. */
  readonly wishes: readonly { readonly vm: VmId; readonly to: string }[];
  readonly granting: readonly { readonly vm: VmId; readonly to: string }[];
  readonly reservations: readonly Reservation[];
  /** VMs that will ask for a place any moment. */
  readonly expected: readonly VmId[];
  /** VMs that were refused for want of room, or whose start failed: told when room may have appeared (B5). */
  readonly waiting: readonly VmId[];
  /** Of them, who was refused for want of room and not told since that there may be some. */
  readonly roomless: readonly VmId[];
  /** VMs that make way, each with those who wait for the room. */
  readonly makingWay: Readonly<Record<string, readonly VmId[]>>;
  /** VMs refused because HA is disarmed: told when it is armed. */
  readonly held: readonly VmId[];
  /** As the last inventory said. */
  readonly armed: boolean;
  /** What a user asked for and the database does not have yet. */
  readonly arming: boolean | null;
  /** The same, on its way into the database. */
  readonly armingNow: boolean | null;
  /** So many inventories in a row showed no node that is well: storage is gone for everybody (B3). */
  readonly blackouts: number;
  /** Room appeared, and is about to be told. */
  readonly roomComes: boolean;
  /** Running VMs are to be looked at. */
  readonly review: boolean;
  /** Moves of these VMs that failed, one after the other. */
  readonly failedMoves: Readonly<Record<string, number>>;
  /** What was said about VMs that should move and cannot: said again only when it changes. */
  readonly stuck: Readonly<Record<string, string>>;
  /** Of the last decision, until it is told. */
  readonly answers: readonly Answer[];
  readonly moves: readonly Move[];
  readonly notes: readonly Note[];
  /** Waiting VMs for which there is room: they are to ask before anybody takes it. */
  readonly summoned: readonly VmId[];
}

export interface Answer {
  readonly job: string;
  readonly node: NodeId | null;
  readonly why: string;
  readonly disarmed: boolean;
}

export interface Note {
  readonly what: 'refuse' | 'plan' | 'arm' | 'disarm';
  readonly vm?: string;
  readonly about?: string;
  readonly why: string;
}

export const NOTHING: ClusterContext = {
  queue: [],
  batch: [],
  wishes: [],
  granting: [],
  reservations: [],
  expected: [],
  waiting: [],
  roomless: [],
  makingWay: {},
  held: [],
  armed: true,
  arming: null,
  armingNow: null,
  blackouts: 0,
  roomComes: false,
  review: true,
  failedMoves: {},
  stuck: {},
  answers: [],
  moves: [],
  notes: [],
  summoned: [],
};

/** A repeated request replaces the older one of the same VM. */
export function queued(queue: readonly Request[], next: Request): readonly Request[] {
  return [...queue.filter((other) => other.vm !== next.vm), next];
}

export function toPlacement(request: Request): PlacementRequest {
  const { vm, cpus, memoryMiB, priority, avoid, failback, stay, only } = request;
  return {
    ...{ vm, cpus, memoryMiB, priority, avoid, failback },
    ...(stay === null ? {} : { stay }),
    ...(only === null ? {} : { only }),
  };
}
