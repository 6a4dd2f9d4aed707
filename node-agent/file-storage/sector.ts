import { crc32 } from 'node:zlib';

/** Bytes from one sector to the next: O_DIRECT works on every disk at this alignment. */
export const BLOCK_BYTES = 4096;
/** Only the first bytes of a block are ever used: every disk writes that much as a whole, so a record cannot tear. */
const RECORD_BYTES = 512;
const HEADER_BYTES = 16;
const CHECKSUM_AT = 12;
const MAGIC = 0x55534543; // "USEC"
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** What a block says. `blank`: made with the area, never written since. `corrupt`: unknown. */
export type Unpacked =
  | { readonly kind: 'blank' }
  | { readonly kind: 'record'; readonly value: unknown }
  | { readonly kind: 'corrupt'; readonly why: string };

/**
 * Packs a JSON value into a block: magic, number of the sector, length, checksum, text, zeros; without a value, the mark of a
 * sector never written. The checksum covers number and area, so a block out of place or of another area is found out.
 * Throws `RangeError` when it does not fit.
 */
export function packSector(area: number, sector: number, value?: unknown): Buffer {
  const text = Buffer.from(value === undefined ? '' : JSON.stringify(value));
  if (text.length > RECORD_BYTES - HEADER_BYTES) throw new RangeError(`${text.length} bytes do not fit in a sector`);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeUInt32BE(MAGIC, 0);
  block.writeUInt32BE(sector, 4);
  block.writeUInt32BE(text.length, 8);
  text.copy(block, HEADER_BYTES);
  block.writeUInt32BE(checksum(block, area), CHECKSUM_AT);
  return block;
}

/** Never throws: bytes of any kind are a record, blank or corrupt. */
export function unpackSector(area: number, sector: number, block: Buffer): Unpacked {
  if (block.length !== BLOCK_BYTES) return { kind: 'corrupt', why: `${block.length} bytes instead of ${BLOCK_BYTES}` };
  if (block.readUInt32BE(0) !== MAGIC) {
    return { kind: 'corrupt', why: block.equals(ZEROS) ? 'wiped, all zeros' : 'not a sector of ours' };
  }
  const length = block.readUInt32BE(8);
  if (block.readUInt32BE(CHECKSUM_AT) !== checksum(block, area)) {
    return { kind: 'corrupt', why: 'the checksum does not fit: torn, damaged, or of another area' };
  }
  if (block.readUInt32BE(4) !== sector)
    return { kind: 'corrupt', why: `it is a copy of sector ${block.readUInt32BE(4)}` };
  if (length > RECORD_BYTES - HEADER_BYTES || !zerosFrom(block, HEADER_BYTES + length)) {
    return { kind: 'corrupt', why: 'bytes after the record' };
  }
  if (length === 0) return { kind: 'blank' };
  try {
    return { kind: 'record', value: JSON.parse(block.toString('utf8', HEADER_BYTES, HEADER_BYTES + length)) };
  } catch (error) {
    return { kind: 'corrupt', why: `not JSON: ${String(error)}` };
  }
}

/** Of the record's bytes, with the checksum field left out; `area` is where the sum starts. */
function checksum(block: Buffer, area: number): number {
  return crc32(block.subarray(HEADER_BYTES, RECORD_BYTES), crc32(block.subarray(0, CHECKSUM_AT), area));
}

function zerosFrom(block: Buffer, start: number): boolean {
  return block.compare(ZEROS, start, BLOCK_BYTES, start) === 0;
}
