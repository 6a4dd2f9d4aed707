import { constants, type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import koffi from 'koffi';
import { StorageUnavailable } from '#ports';
import type { ByteRangeLock } from './byte-range-lock.ts';
import { SECTOR_BYTES } from './sector.ts';

const LOCK_DEADLINE_TRIES = 1000;
const LOCK_RETRY_MS = 2;

/**
 * A file used as a disk of 512-byte sectors: past the page cache (O_DIRECT, where the file system can) and on the disk
 * when a write resolves (O_DSYNC). Every method throws `StorageUnavailable` with the cause kept.
 */
export class SectorFile {
  /** False where the file system knows no O_DIRECT (then the kernel's cache is shared by the processes of this host only). */
  readonly direct: boolean;
  readonly #file: FileHandle;
  readonly #lock: ByteRangeLock;
  readonly #path: string;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: FileHandle, direct: boolean, lock: ByteRangeLock) {
    this.#path = path;
    this.#file = file;
    this.direct = direct;
    this.#lock = lock;
  }

  static async open(path: string, lock: ByteRangeLock): Promise<SectorFile> {
    const flags = constants.O_RDWR | constants.O_DSYNC;
    try {
      return new SectorFile(path, await open(path, flags | constants.O_DIRECT), true, lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw unavailable(path, 'open', error); // fs errors are ErrnoException
    }
    const file = await open(path, flags).catch((error: unknown) => {
      throw unavailable(path, 'open', error);
    });
    return new SectorFile(path, file, false, lock);
  }

  async read(first: number, count: number): Promise<Buffer> {
    const buffer = aligned(count * SECTOR_BYTES);
    const { bytesRead } = await this.#file
      .read(buffer, 0, buffer.length, first * SECTOR_BYTES)
      .catch((error: unknown) => {
        throw unavailable(this.#path, 'read', error);
      });
    if (bytesRead !== buffer.length) throw new StorageUnavailable(`${this.#path}: shorter than its sectors`);
    return buffer;
  }

  async write(sector: number, data: Buffer): Promise<void> {
    const buffer = aligned(SECTOR_BYTES);
    data.copy(buffer);
    const { bytesWritten } = await this.#file
      .write(buffer, 0, SECTOR_BYTES, sector * SECTOR_BYTES)
      .catch((error: unknown) => {
        throw unavailable(this.#path, 'write', error);
      });
    if (bytesWritten !== SECTOR_BYTES) throw new StorageUnavailable(`${this.#path}: half a sector written`);
  }

  /**
   * Runs `body` while no other opener of the file has the sector locked. Within this opener bodies take turns: to the
   * kernel they would be one holder. Throws `StorageUnavailable` after about 2 s of waiting for the lock.
   */
  locked<T>(sector: number, body: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#lockedNow(sector, body));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #lockedNow<T>(sector: number, body: () => Promise<T>): Promise<T> {
    const range = [this.#file.fd, sector * SECTOR_BYTES, SECTOR_BYTES] as const;
    for (let tries = 1; !this.#lock.tryLock(...range); tries += 1) {
      if (tries === LOCK_DEADLINE_TRIES) throw new StorageUnavailable(`${this.#path}: sector ${sector} stays locked`);
      await wait(LOCK_RETRY_MS); // the kernel's own waiting call would hold one of the few worker threads
    }
    try {
      return await body();
    } finally {
      this.#lock.unlock(...range);
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#file.close();
  }
}

/** O_DIRECT wants buffers at a multiple of the logical block size (4096 serves all). */
function aligned(bytes: number): Buffer {
  const block = Buffer.alloc(bytes + 4096);
  const offset = Number((4096n - (koffi.address(block) % 4096n)) % 4096n);
  return block.subarray(offset, offset + bytes);
}

function unavailable(path: string, what: string, cause: unknown): StorageUnavailable {
  return new StorageUnavailable(`${path}: ${what} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}
