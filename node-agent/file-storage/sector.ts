import { crc32 } from 'node:zlib';

/** Bytes of a sector: what every disk writes as a whole. */
export const SECTOR_BYTES = 512;
const HEADER_BYTES = 12;
const MAGIC = 0x55534543; // "USEC"

/** A sector whose checksum does not fit: torn, or not ours. */
export class DamagedSector extends Error {
  override readonly name = 'DamagedSector';
  readonly code = 'DAMAGED_SECTOR';
}

/** Packs a JSON value: magic, length, checksum, text, zeros. Equal values (same key order) give equal bytes. Throws `RangeError` when too long. */
export function packSector(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  if (text.length > SECTOR_BYTES - HEADER_BYTES) throw new RangeError(`${text.length} bytes do not fit in a sector`);
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.writeUInt32BE(MAGIC, 0);
  sector.writeUInt32BE(text.length, 4);
  sector.writeUInt32BE(crc32(text), 8);
  text.copy(sector, HEADER_BYTES);
  return sector;
}

/** The packed value; undefined for a sector never written (all zeros). Throws `DamagedSector`. */
export function unpackSector(sector: Buffer): unknown {
  if (sector.every((byte) => byte === 0)) return undefined;
  const length = sector.readUInt32BE(4);
  const text = sector.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (sector.readUInt32BE(0) !== MAGIC || text.length !== length || crc32(text) !== sector.readUInt32BE(8)) {
    throw new DamagedSector('checksum does not fit');
  }
  return JSON.parse(text.toString());
}
