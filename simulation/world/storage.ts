import type { NodeId, VmId } from '#machines';
import { type LeaseSector, type SharedStorage, type Slot, StorageUnavailable } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './host.ts';
import { remoteCall } from './remote-call.ts';

/** How long an initiator waits for the target before it reports an error. */
const TIMEOUT_MS = 5000;

/** The shared target: heartbeat slots and lease sectors. A write that timed out may land when the path is back. */
export class SimStorageTarget {
  readonly slots = new Map<NodeId, Slot>();
  readonly leases = new Map<VmId, LeaseSector>();
  up = true;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #late: { readonly process: SimProcess; readonly act: () => unknown }[] = [];

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  reachableFrom(process: SimProcess): boolean {
    return this.up && process.host.powered && process.host.links.storage;
  }

  /** To be called when a path may have come back: writes that waited in an initiator land now, before any newer one. */
  flushLate(): void {
    const waiting = this.#late.splice(0);
    for (const write of waiting) {
      if (this.reachableFrom(write.process)) write.act();
      else if (write.process.host.powered) this.#late.push(write);
    }
  }

  /** What a process on a host sees of the target. */
  open(process: SimProcess): SharedStorage {
    const call = <Result>(act: () => Result, write: boolean): Promise<Result> =>
      remoteCall({
        process,
        time: this.#time,
        thereMs: this.#random.between(0.2, 1),
        backMs: this.#random.between(0.2, 1),
        timeoutMs: TIMEOUT_MS,
        reachable: () => this.reachableFrom(process),
        act,
        unavailable: () => new StorageUnavailable(`no answer from shared storage within ${TIMEOUT_MS} ms`),
        lost: () => {
          if (write && this.#random.chance(0.5)) this.#late.push({ process, act });
        },
      });
    return {
      writeSlot: (slot) =>
        call(() => {
          this.slots.set(slot.node, slot);
        }, true),
      readSlots: () => call(() => [...this.slots.values()], false),
      readLease: (vm) => call(() => this.leases.get(vm), false),
      readLeases: () => call(() => [...this.leases.values()], false),
      compareAndWriteLease: (expected, next) =>
        call(() => {
          if (!same(this.leases.get(next.vm), expected)) return false;
          this.leases.set(next.vm, next);
          return true;
        }, true),
      close: async () => {},
    };
  }
}

function same(a: LeaseSector | undefined, b: LeaseSector | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.vm === b.vm &&
    a.epoch === b.epoch &&
    a.generation === b.generation &&
    a.status === b.status &&
    a.node === b.node &&
    a.incarnation === b.incarnation
  );
}
