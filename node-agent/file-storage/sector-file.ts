import { constants, type FileHandle, open } from 'node:fs/promises';
import koffi from 'koffi';
import { StorageUnavailable } from '#ports';
import type { ByteRangeLock, LockMode } from './byte-range-lock.ts';
import { BLOCK_BYTES } from './sector.ts';

/**
 * One open of a file, used as a disk of blocks: past the page cache (O_DIRECT, where the file system can) and on the
 * disk when a write resolves (O_DSYNC). Locks belong to this open: within it they exclude nobody, so one caller at a
 * time may use it. Every method throws `StorageUnavailable` with the cause kept; none has a deadline.
 */
export class SectorFile {
  /** False where the file system knows no O_DIRECT. */
  readonly direct: boolean;
  readonly path: string;
  readonly #file: FileHandle;
  readonly #lock: ByteRangeLock;
  #buffer = aligned(BLOCK_BYTES);

  private constructor(path: string, file: FileHandle, direct: boolean, lock: ByteRangeLock) {
    this.path = path;
    this.#file = file;
    this.direct = direct;
    this.#lock = lock;
  }

  /** `direct`: try O_DIRECT first. */
  static async open(path: string, lock: ByteRangeLock, direct: boolean): Promise<SectorFile> {
    const flags = constants.O_RDWR | constants.O_DSYNC;
    if (!direct) return new SectorFile(path, await attempt(path, 'open', open(path, flags)), false, lock);
    try {
      return new SectorFile(path, await open(path, flags | constants.O_DIRECT), true, lock);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL'))
        throw unavailable(path, 'open', error);
    }
    return await SectorFile.open(path, lock, false);
  }

  /** The bytes stay valid until the next call only. */
  async read(first: number, count: number): Promise<Buffer> {
    const bytes = count * BLOCK_BYTES;
    if (this.#buffer.length < bytes) this.#buffer = aligned(bytes);
    const { bytesRead } = await attempt(
      this.path,
      'read',
      this.#file.read(this.#buffer, 0, bytes, first * BLOCK_BYTES),
    );
    if (bytesRead !== bytes) throw new StorageUnavailable(`${this.path}: the file ends before sector ${first + count}`);
    return this.#buffer.subarray(0, bytes);
  }

  async write(sector: number, block: Buffer): Promise<void> {
    if (block.length !== BLOCK_BYTES) throw new RangeError(`a block has ${BLOCK_BYTES} bytes, not ${block.length}`);
    block.copy(this.#buffer);
    const { bytesWritten } = await attempt(
      this.path,
      'write',
      this.#file.write(this.#buffer, 0, BLOCK_BYTES, sector * BLOCK_BYTES),
    );
    if (bytesWritten !== BLOCK_BYTES) throw new StorageUnavailable(`${this.path}: half of sector ${sector} written`);
    if (!this.direct) await attempt(this.path, 'fsync', this.#file.datasync());
  }

  tryLock(mode: LockMode, first: number, count: number): Promise<boolean> {
    const range = [first * BLOCK_BYTES, count * BLOCK_BYTES] as const;
    return attempt(this.path, 'lock', this.#lock.tryLock(this.#file.fd, mode, ...range));
  }

  unlock(first: number, count: number): Promise<void> {
    return attempt(this.path, 'unlock', this.#lock.unlock(this.#file.fd, first * BLOCK_BYTES, count * BLOCK_BYTES));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** O_DIRECT wants buffers at a multiple of the logical block size (4096 serves all). */
function aligned(bytes: number): Buffer {
  const block = Buffer.alloc(bytes + BLOCK_BYTES);
  const past = Number(koffi.address(block) % BigInt(BLOCK_BYTES));
  const start = (BLOCK_BYTES - past) % BLOCK_BYTES;
  return block.subarray(start, start + bytes);
}

async function attempt<T>(path: string, what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(path, what, error);
  }
}

function unavailable(path: string, what: string, cause: unknown): StorageUnavailable {
  return new StorageUnavailable(`${path}: ${what} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}
