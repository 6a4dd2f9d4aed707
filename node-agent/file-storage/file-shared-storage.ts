import { randomUUID } from 'node:crypto';
import { access, link, rm, writeFile } from 'node:fs/promises';
import type { VmId } from '#machines';
import { type LeaseSector, type SharedStorage, type Slot, StorageUnavailable } from '#ports';
import { type ByteRangeLock, ofdLock } from './byte-range-lock.ts';
import { compareAndWrite, probeCompareAndWrite } from './compare-and-write-probe.ts';
import { parseLease, parseSlot } from './records.ts';
import { packSector, SECTOR_BYTES, unpackSector } from './sector.ts';
import { SectorFile } from './sector-file.ts';

/** Sectors of the area: one lock for giving sectors to names, then a slot a node, then a lease a VM. */
const NAMES_LOCK = 0;
const SLOTS = { first: 8, count: 120 } as const;
const LEASES = { first: 128, count: 1024 } as const;
const READ_TRIES = 3;

/**
 * The shared area in a file of a local or network file system. A name keeps the sector it was first given.
 * Compare-and-write runs under an OFD byte-range lock of the sector.
 */
export class FileSharedStorage implements SharedStorage {
  /** For people: the path, and whether the page cache is passed by. */
  readonly description: string;
  readonly #file: SectorFile;
  readonly #sectors = new Map<string, number>();

  private constructor(path: string, file: SectorFile) {
    this.#file = file;
    this.description = `file ${path} (${file.direct ? 'O_DIRECT' : 'no O_DIRECT here'})`;
  }

  /** Makes the empty area if there is none; two that make it at once get the same one. */
  static async create(path: string): Promise<void> {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return;
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, Buffer.alloc((LEASES.first + LEASES.count) * SECTOR_BYTES), { flush: true });
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(draft);
  }

  /** Throws `StoreRefused` where two writers can win a race, `StorageUnavailable` when the file cannot be opened. */
  static async open(path: string, lock: ByteRangeLock = ofdLock()): Promise<FileSharedStorage> {
    const file = await SectorFile.open(path, lock);
    await probeCompareAndWrite(path, lock).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    return new FileSharedStorage(path, file);
  }

  async writeSlot(slot: Slot): Promise<void> {
    const known = this.#sectors.get(`slot ${slot.node}`);
    if (known !== undefined) return await this.#file.write(known, packSector(parseSlot(slot)));
    await this.#file.locked(NAMES_LOCK, async () => {
      const { taken, free } = await this.#find(SLOTS, parseSlot, (found) => found.node === slot.node);
      const sector = taken?.sector ?? free;
      if (sector === undefined) throw new StorageUnavailable(`no free slot for ${slot.node}: ${SLOTS.count} nodes`);
      await this.#file.write(sector, packSector(parseSlot(slot)));
      this.#sectors.set(`slot ${slot.node}`, sector);
    });
  }

  async readSlots(): Promise<readonly Slot[]> {
    return (await this.#readAll(SLOTS, parseSlot)).flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  async readLease(vm: VmId): Promise<LeaseSector | undefined> {
    const known = this.#sectors.get(`lease ${vm}`);
    if (known !== undefined) return (await this.#readAll({ first: known, count: 1 }, parseLease))[0]?.value;
    return (await this.#find(LEASES, parseLease, (found) => found.vm === vm)).taken?.value;
  }

  async readLeases(): Promise<readonly LeaseSector[]> {
    return (await this.#readAll(LEASES, parseLease)).flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  async compareAndWriteLease(expected: LeaseSector | undefined, next: LeaseSector): Promise<boolean> {
    if (expected !== undefined && expected.vm !== next.vm) throw new RangeError(`${expected.vm} is not ${next.vm}`);
    if (expected === undefined) return await this.#firstLease(next);
    const { taken } = await this.#find(LEASES, parseLease, (found) => found.vm === next.vm);
    if (taken === undefined) return false;
    this.#sectors.set(`lease ${next.vm}`, taken.sector);
    return await compareAndWrite(
      this.#file,
      taken.sector,
      packSector(parseLease(expected)),
      packSector(parseLease(next)),
    );
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #firstLease(next: LeaseSector): Promise<boolean> {
    return this.#file.locked(NAMES_LOCK, async () => {
      const { taken, free } = await this.#find(LEASES, parseLease, (found) => found.vm === next.vm);
      if (taken !== undefined) return false;
      if (free === undefined) throw new StorageUnavailable(`no free sector for ${next.vm}: ${LEASES.count} VMs`);
      await this.#file.write(free, packSector(parseLease(next)));
      this.#sectors.set(`lease ${next.vm}`, free);
      return true;
    });
  }

  async #find<T>(area: Area, parse: (value: unknown) => T, wanted: (value: T) => boolean) {
    const all = await this.#readAll(area, parse);
    const taken = all.flatMap(({ sector, value }) => (value !== undefined && wanted(value) ? [{ sector, value }] : []));
    return { taken: taken[0], free: all.find(({ value }) => value === undefined)?.sector };
  }

  /** A sector that is being written may look torn to a reader: read again before calling it damaged. */
  async #readAll<T>(area: Area, parse: (value: unknown) => T): Promise<{ sector: number; value: T | undefined }[]> {
    for (let tries = 1; ; tries += 1) {
      const bytes = await this.#file.read(area.first, area.count);
      try {
        return Array.from({ length: area.count }, (_, index) => {
          const value = unpackSector(bytes.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES));
          return { sector: area.first + index, value: value === undefined ? undefined : parse(value) };
        });
      } catch (cause) {
        if (tries === READ_TRIES) throw new StorageUnavailable(`${this.description}: ${String(cause)}`, { cause });
      }
    }
  }
}

interface Area {
  readonly first: number;
  readonly count: number;
}
