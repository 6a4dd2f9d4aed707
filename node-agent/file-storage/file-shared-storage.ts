import type { NodeId, VmId } from '#machines';
import type { LeaseSector, SharedStorage, Slot, StartCount } from '#ports';
import type { AreaLayout } from './area-layout.ts';
import { NamedSectors } from './named-sectors.ts';
import { parseLease, parseSlot, parseStartCount } from './records.ts';
import type { SectorLane } from './sector-lane.ts';

/** Heartbeats, leases and reads each have their own open of the file, so that none waits for another. */
export interface Lanes {
  readonly slots: SectorLane;
  readonly leases: SectorLane;
  readonly reads: SectorLane;
}

/**
 * The shared area in a file of a local or network file system; made by `openFileStorage`. Compare-and-write runs under
 * an OFD byte-range lock of the sector. Every call throws `StorageUnavailable` at the latest after its deadline;
 * a write that threw may still land later, but never after a newer write of this process to the same region.
 */
export class FileSharedStorage implements SharedStorage {
  /** For people: the path, its room, and whether the page cache is passed by. */
  readonly description: string;
  readonly #lanes: Lanes;
  readonly #slots: NamedSectors<Slot>;
  readonly #startCounts: NamedSectors<StartCount>;
  readonly #leases: NamedSectors<LeaseSector>;

  constructor(description: string, layout: AreaLayout, lanes: Lanes) {
    this.description = description;
    this.#lanes = lanes;
    this.#slots = new NamedSectors(layout, layout.slots, parseSlot, (slot) => slot.node);
    this.#startCounts = new NamedSectors(layout, layout.startCounts, parseStartCount, (count) => count.node);
    this.#leases = new NamedSectors(layout, layout.leases, parseLease, (lease) => lease.vm);
  }

  async writeSlot(slot: Slot): Promise<void> {
    const lane = this.#lanes.slots;
    const next = parseSlot(slot);
    await lane.run(`write slot of ${slot.node}`, (call) => this.#slots.change(lane, call, next, 'blind'));
  }

  async readSlots(): Promise<readonly Slot[]> {
    const lane = this.#lanes.reads;
    return await lane.run('read slots', (call) => this.#slots.readAll(lane, call));
  }

  async readLease(vm: VmId): Promise<LeaseSector | undefined> {
    const lane = this.#lanes.reads;
    return await lane.run(`read lease of ${vm}`, (call) => this.#leases.read(lane, call, vm));
  }

  async readLeases(): Promise<readonly LeaseSector[]> {
    const lane = this.#lanes.reads;
    return await lane.run('read leases', (call) => this.#leases.readAll(lane, call));
  }

  async compareAndWriteLease(expected: LeaseSector | undefined, next: LeaseSector): Promise<boolean> {
    if (expected !== undefined && expected.vm !== next.vm) throw new RangeError(`${expected.vm} is not ${next.vm}`);
    const lane = this.#lanes.leases;
    const written = parseLease(next);
    const isExpected = equalTo(expected === undefined ? undefined : parseLease(expected));
    return await lane.run(`compare-and-write lease of ${next.vm}`, (call) =>
      this.#leases.change(lane, call, written, isExpected),
    );
  }

  async readStartCount(node: NodeId): Promise<StartCount | undefined> {
    const lane = this.#lanes.reads;
    return await lane.run(`read start count of ${node}`, (call) => this.#startCounts.read(lane, call, node));
  }

  async compareAndWriteStartCount(expected: StartCount | undefined, next: StartCount): Promise<boolean> {
    if (expected !== undefined && expected.node !== next.node) {
      throw new RangeError(`${expected.node} is not ${next.node}`);
    }
    const lane = this.#lanes.leases;
    const written = parseStartCount(next);
    const isExpected = equalTo(expected === undefined ? undefined : parseStartCount(expected));
    return await lane.run(`compare-and-write start count of ${next.node}`, (call) =>
      this.#startCounts.change(lane, call, written, isExpected),
    );
  }

  async close(): Promise<void> {
    const ends = await Promise.allSettled(Object.values(this.#lanes).map((lane: SectorLane) => lane.close()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** Records are parsed: their fields have one order, so equal ones have equal text. */
function equalTo<T extends object>(expected: T | undefined): (current: T | undefined) => boolean {
  const wanted = expected === undefined ? undefined : JSON.stringify(expected);
  return (current) => (current === undefined ? undefined : JSON.stringify(current)) === wanted;
}
