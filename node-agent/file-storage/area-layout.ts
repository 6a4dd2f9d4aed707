import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { StoreRefused } from './errors.ts';
import { BLOCK_BYTES, packSector, unpackSector } from './sector.ts';

/** How many nodes and VMs an area has room for. */
export interface AreaSize {
  readonly nodes: number;
  readonly vms: number;
}

/** A run of sectors. */
export interface Region {
  readonly name: 'header' | 'probe' | 'slot' | 'start count' | 'lease';
  readonly first: number;
  readonly count: number;
}

/** Where things are: the header (its lock guards the giving of sectors to names), a scratch sector, slots, start counts, leases. */
export interface AreaLayout {
  /** Start value of every checksum: blocks of another area do not fit. */
  readonly seed: number;
  readonly header: Region;
  readonly probe: Region;
  readonly slots: Region;
  readonly startCounts: Region;
  readonly leases: Region;
  readonly sectors: number;
}

const VERSION = 2;
const LARGEST = { nodes: 1024, vms: 65_536 } as const;
const HEADER_SEED = 0;
const sizeSchema = z.object({
  nodes: z.number().int().min(1).max(LARGEST.nodes),
  vms: z.number().int().min(1).max(LARGEST.vms),
});
const headerSchema = sizeSchema.extend({
  format: z.literal('understudy shared storage'),
  version: z.number().int(),
  blockBytes: z.number().int(),
  id: z.string().min(1),
});

/** The bytes of a new area. `id` must be unique. Throws `RangeError` for sizes out of bounds. */
export function blankArea(size: AreaSize, id: string): Buffer {
  const checked = sizeSchema.safeParse(size);
  if (!checked.success) {
    throw new RangeError(`an area has 1-${LARGEST.nodes} nodes and 1-${LARGEST.vms} VMs: ${checked.error.message}`);
  }
  const header = {
    format: 'understudy shared storage',
    version: VERSION,
    blockBytes: BLOCK_BYTES,
    ...checked.data,
    id,
  };
  const layout = layoutOf(checked.data, id);
  const blocks = Array.from({ length: layout.sectors }, (_, sector) =>
    sector === 0 ? packSector(HEADER_SEED, 0, header) : packSector(layout.seed, sector),
  );
  return Buffer.concat(blocks);
}

/** Reads the header block. Throws `StoreRefused` that says what is there instead of an area of this version. */
export function readLayout(path: string, block: Buffer): AreaLayout & AreaSize {
  const found = unpackSector(HEADER_SEED, 0, block);
  if (found.kind !== 'record') {
    throw new StoreRefused(`${path} is not a shared storage area: ${found.kind === 'corrupt' ? found.why : 'blank'}`);
  }
  const header = headerSchema.safeParse(found.value);
  if (!header.success) throw new StoreRefused(`${path} is not a shared storage area: ${header.error.message}`);
  const { version, blockBytes, nodes, vms, id } = header.data;
  if (version !== VERSION || blockBytes !== BLOCK_BYTES) {
    throw new StoreRefused(
      `${path} has layout ${version} with blocks of ${blockBytes} bytes, not ${VERSION} with ${BLOCK_BYTES}`,
    );
  }
  return { ...layoutOf({ nodes, vms }, id), nodes, vms };
}

function layoutOf({ nodes, vms }: AreaSize, id: string): AreaLayout {
  const header: Region = { name: 'header', first: 0, count: 1 };
  const probe: Region = { name: 'probe', first: 1, count: 1 };
  const slots: Region = { name: 'slot', first: 2, count: nodes };
  const startCounts: Region = { name: 'start count', first: 2 + nodes, count: nodes };
  const leases: Region = { name: 'lease', first: 2 + 2 * nodes, count: vms };
  return { seed: crc32(id), header, probe, slots, startCounts, leases, sectors: 2 + 2 * nodes + vms };
}
