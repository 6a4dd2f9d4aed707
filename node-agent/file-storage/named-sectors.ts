import type { AreaLayout, Region } from './area-layout.ts';
import { type ReadSector, readRegion, readSector } from './area-reader.ts';
import type { Call } from './call.ts';
import { AreaFull } from './errors.ts';
import { packSector } from './sector.ts';
import type { SectorLane } from './sector-lane.ts';

/**
 * The sectors of a region, each given to one name for good. Invariant: a sector once given never changes its name, so a
 * place seen once may be remembered; a blank sector is given only under the header's lock.
 */
export class NamedSectors<T> {
  readonly #layout: AreaLayout;
  readonly #region: Region;
  readonly #parse: (value: unknown) => T;
  readonly #nameOf: (value: T) => string;
  readonly #places = new Map<string, number>();

  constructor(layout: AreaLayout, region: Region, parse: (value: unknown) => T, nameOf: (value: T) => string) {
    this.#layout = layout;
    this.#region = region;
    this.#parse = parse;
    this.#nameOf = nameOf;
  }

  /** Every record of the region. */
  async readAll(lane: SectorLane, call: Call): Promise<readonly T[]> {
    return (await this.#scan(lane, call)).flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  async read(lane: SectorLane, call: Call, name: string): Promise<T | undefined> {
    const place = this.#places.get(name);
    const sectors =
      place === undefined
        ? await this.#scan(lane, call)
        : await readRegion(lane, call, this.#layout, { ...this.#region, first: place, count: 1 }, this.#parse);
    return sectors.find(({ value }) => value !== undefined && this.#nameOf(value) === name)?.value;
  }

  /**
   * Writes `next` where `accept` takes what is there now (undefined: never written); false where it does not. Atomic
   * among all opens of the area. `blind`: the old content does not matter, so an unreadable own sector is mended.
   */
  async change(
    lane: SectorLane,
    call: Call,
    next: T,
    accept: ((current: T | undefined) => boolean) | 'blind',
  ): Promise<boolean> {
    const name = this.#nameOf(next);
    const place = this.#places.get(name) ?? (await this.#placeOf(lane, call, name));
    if (place !== undefined) return await this.#changeAt(lane, call, place, next, accept);
    const { first, count } = this.#layout.header;
    return await lane.locked(call, 'exclusive', first, count, async () => {
      const sectors = await this.#scan(lane, call);
      const meanwhile = this.#places.get(name);
      const blank = sectors.find(({ value }) => value === undefined)?.sector;
      const target = meanwhile ?? blank;
      if (target === undefined) {
        if (accept !== 'blind' && !accept(undefined)) return false;
        throw new AreaFull(
          `${lane.file.path}: no ${this.#region.name} sector left for ${name}, it has ${this.#region.count}`,
        );
      }
      return await this.#changeAt(lane, call, target, next, accept);
    });
  }

  async #changeAt(
    lane: SectorLane,
    call: Call,
    sector: number,
    next: T,
    accept: ((current: T | undefined) => boolean) | 'blind',
  ): Promise<boolean> {
    const block = packSector(this.#layout.seed, sector, next);
    return await lane.locked(call, 'exclusive', sector, 1, async () => {
      if (accept !== 'blind') {
        const { value } = await readSector(lane, this.#layout, this.#region, sector, this.#parse);
        if (value !== undefined && this.#nameOf(value) !== this.#nameOf(next)) {
          throw new Error(`invariant: sector ${sector} of ${this.#nameOf(next)} belongs to ${this.#nameOf(value)}`);
        }
        if (!accept(value)) return false;
      }
      await call.linked();
      await lane.file.write(sector, block);
      this.#places.set(this.#nameOf(next), sector);
      return true;
    });
  }

  async #placeOf(lane: SectorLane, call: Call, name: string): Promise<number | undefined> {
    await this.#scan(lane, call);
    return this.#places.get(name);
  }

  /** Reads all and remembers who sits where. */
  async #scan(lane: SectorLane, call: Call): Promise<readonly ReadSector<T>[]> {
    const sectors = await readRegion(lane, call, this.#layout, this.#region, this.#parse);
    for (const { sector, value } of sectors) if (value !== undefined) this.#places.set(this.#nameOf(value), sector);
    return sectors;
  }
}
