import type { AreaLayout, Region } from './area-layout.ts';
import type { Call } from './call.ts';
import { SectorCorrupt } from './errors.ts';
import { BLOCK_BYTES, unpackSector } from './sector.ts';
import type { SectorLane } from './sector-lane.ts';

/** A sector read and checked; `value` undefined: never written. */
export interface ReadSector<T> {
  readonly sector: number;
  readonly value: T | undefined;
}

/** Reads a whole region. Throws `SectorCorrupt` for a sector that stays unreadable while nobody can be writing it. */
export async function readRegion<T>(
  lane: SectorLane,
  call: Call,
  layout: AreaLayout,
  region: Region,
  parse: (value: unknown) => T,
): Promise<readonly ReadSector<T>[]> {
  const { first, count } = region;
  const read = async (): Promise<(ReadSector<T> | number)[]> => {
    const bytes = await lane.file.read(first, count);
    return Array.from({ length: count }, (_, index) => {
      const block = bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
      const result = parsed(layout, first + index, block, parse);
      return result instanceof Error ? first + index : result;
    });
  };
  // Without O_DIRECT a network file system may serve old pages; taking a lock makes it ask the server again.
  const found = lane.file.direct ? await read() : await lane.locked(call, 'shared', first, count, read);
  const sectors: ReadSector<T>[] = [];
  for (const item of found) {
    // A sector read while it was being written may look torn: look again with the writer kept out.
    if (typeof item !== 'number') sectors.push(item);
    else sectors.push(await lane.locked(call, 'shared', item, 1, () => readSector(lane, layout, region, item, parse)));
  }
  return sectors;
}

/** Reads one sector whose lock the caller holds. Throws `SectorCorrupt`. */
export async function readSector<T>(
  lane: SectorLane,
  layout: AreaLayout,
  region: Region,
  sector: number,
  parse: (value: unknown) => T,
): Promise<ReadSector<T>> {
  const result = parsed(layout, sector, await lane.file.read(sector, 1), parse);
  if (!(result instanceof Error)) return result;
  const name = `${region.name} sector ${sector} (byte ${sector * BLOCK_BYTES})`;
  throw new SectorCorrupt(lane.file.path, name, result.message);
}

function parsed<T>(
  layout: AreaLayout,
  sector: number,
  block: Buffer,
  parse: (value: unknown) => T,
): ReadSector<T> | Error {
  const content = unpackSector(layout.seed, sector, block);
  if (content.kind === 'blank') return { sector, value: undefined };
  if (content.kind === 'corrupt') return new Error(content.why);
  try {
    return { sector, value: parse(content.value) };
  } catch (error) {
    return new Error(`not a record of this kind: ${error instanceof Error ? error.message : String(error)}`);
  }
}
