import type { NodeId, VmId } from '#machines';
import type { LeaseSector, SharedStorage, Slot, StartCount } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { LinkQuality } from './link-quality.ts';
import type { SimProcess } from './sim-process.ts';
import { StorageCall } from './storage-call.ts';

/** A write that an initiator gave up may be in a socket of its own: it lands up to this long after the path is back. */
const LATEST_MS = 4000;

/** What ails one host's path to the target, beside a pulled cable. */
export interface PathTrouble {
  /** Each way may take up to this much longer. */
  slowMs: number;
  /** Answers come that much later, and the initiator waits for them: a path that is slow, and breaks nothing. */
  answersLateMs: number;
  /** What its link does to packets. Undefined: nothing worth a word. */
  link: LinkQuality | undefined;
  /** That share of the calls fails at once; half of the failed writes land all the same. */
  errorPercent: number;
  /** Requests arrive and wait until this ends. */
  hangs: boolean;
  /** One way is cut: requests do not arrive, answers to those that did come back. */
  requestsLost: boolean;
  /** The other way: requests arrive and are done, answers do not come back. */
  answersLost: boolean;
}

/** A write as it stands in an initiator. */
export interface LateWrite {
  readonly host: SimHost;
  readonly boots: number;
  readonly act: () => unknown;
}

/** A request that arrived and is not done yet. */
interface HangingCall {
  readonly trouble: PathTrouble;
  proceed(): void;
}

/** Told of every write that lands, at the instant it does. */
export interface StorageObserver {
  leaseWritten(before: LeaseSector | undefined, after: LeaseSector): void;
  slotWritten(before: Slot | undefined, after: Slot): void;
}

/**
 * The shared target: heartbeat slots and lease sectors. A write that timed out may land when the path is back, even after newer
 * ones. Requests of one host may overtake each other: one iSCSI session would hand its commands over in the order of their
 * numbers, but the target may do simple tasks in any order, and after a reconnect there are two sessions.
 */
export class SimStorageTarget {
  readonly slots = new Map<NodeId, Slot>();
  readonly leases = new Map<VmId, LeaseSector>();
  readonly startCounts = new Map<NodeId, StartCount>();
  up = true;
  /** Told after `pathChanged`. */
  onPathChanged: (() => void) | undefined;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #observer: StorageObserver;
  readonly #trouble = new Map<NodeId, PathTrouble>();
  #late: LateWrite[] = [];
  readonly #hanging: HangingCall[] = [];

  constructor(time: VirtualTime, random: SeededRandom, observer: StorageObserver) {
    this.#time = time;
    this.#random = random;
    this.#observer = observer;
  }

  /** Whether what that host sends arrives. */
  reachableFrom(host: SimHost): boolean {
    return this.answers(host) && this.#trouble.get(host.name)?.requestsLost !== true;
  }

  /** Whether what the target answers leaves for that host: its cable is in, on whichever way packets are lost. */
  answers(host: SimHost): boolean {
    return this.up && host.powered && host.links.storage;
  }

  /** The troubles of a host's path, to be changed; after a change call `pathChanged`. */
  path(node: NodeId): PathTrouble {
    const known = this.#trouble.get(node);
    if (known !== undefined) return known;
    const none: PathTrouble = {
      ...{ slowMs: 0, answersLateMs: 0, link: undefined, errorPercent: 0, hangs: false },
      ...{ requestsLost: false, answersLost: false },
    };
    this.#trouble.set(node, none);
    return none;
  }

  /** To be called when a path may have come back: what waited in an initiator or in the target goes on. */
  pathChanged(): void {
    for (const waiting of this.#hanging.splice(0)) {
      if (waiting.trouble.hangs) this.#hanging.push(waiting);
      else waiting.proceed();
    }
    const late = this.#late;
    this.#late = [];
    for (const write of late) {
      if (!this.reachableFrom(write.host)) this.#keep(write);
      else if (this.#random.chance(0.5)) this.#land(write);
      else this.#time.after(this.#random.between(0, LATEST_MS), () => this.#land(write));
    }
    this.onPathChanged?.();
  }

  /** What a process on a host sees of the target. */
  open(process: SimProcess): SharedStorage {
    return {
      writeSlot: (slot) => this.#call(process, () => this.#writeSlot(slot), true),
      readSlots: () => this.#call(process, () => [...this.slots.values()], false),
      readLease: (vm) => this.#call(process, () => this.leases.get(vm), false),
      readLeases: () => this.#call(process, () => [...this.leases.values()], false),
      compareAndWriteLease: (expected, next) => this.#call(process, () => this.#compareAndWrite(expected, next), true),
      readStartCount: (node) => this.#call(process, () => this.startCounts.get(node), false),
      compareAndWriteStartCount: (expected, next) =>
        this.#call(process, () => this.#compareAndWriteStartCount(expected, next), true),
      close: async () => {},
    };
  }

  /** A request that stays in the target until its path is well again. */
  hang(call: HangingCall): void {
    this.#hanging.push(call);
  }

  /** A write that an initiator gave up: it may land later. */
  giveUp(write: LateWrite): void {
    this.#late.push(write);
  }

  #call<Result>(process: SimProcess, act: () => Result, isWrite: boolean): Promise<Result> {
    return new StorageCall({ target: this, process, time: this.#time, random: this.#random, act, isWrite }).begin();
  }

  #land(write: LateWrite): void {
    if (this.reachableFrom(write.host) && write.host.boots === write.boots) write.act();
    else this.#keep(write);
  }

  /** What stood in a host's memory goes with its power. */
  #keep(write: LateWrite): void {
    if (write.host.powered && write.host.boots === write.boots) this.#late.push(write);
  }

  #writeSlot(slot: Slot): void {
    const before = this.slots.get(slot.node);
    this.slots.set(slot.node, slot);
    this.#observer.slotWritten(before, slot);
  }

  #compareAndWrite(expected: LeaseSector | undefined, next: LeaseSector): boolean {
    const before = this.leases.get(next.vm);
    if (!same(before, expected)) return false;
    this.leases.set(next.vm, next);
    this.#observer.leaseWritten(before, next);
    return true;
  }

  #compareAndWriteStartCount(expected: StartCount | undefined, next: StartCount): boolean {
    if (!same(this.startCounts.get(next.node), expected)) return false;
    this.startCounts.set(next.node, next);
    return true;
  }
}

function same(a: object | undefined, b: object | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => Reflect.get(a, key) === Reflect.get(b, key));
}
