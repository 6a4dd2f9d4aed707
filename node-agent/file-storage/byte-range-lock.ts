import koffi from 'koffi';

export type LockMode = 'shared' | 'exclusive';

/** A lock on a byte range of an open file. */
export interface ByteRangeLock {
  /** Takes it without waiting; false when somebody else is in the way. Throws when the file system knows no such locks. */
  tryLock(fd: number, mode: LockMode, start: number, length: number): Promise<boolean>;
  unlock(fd: number, start: number, length: number): Promise<void>;
}

const F_OFD_SETLK = 37;
const TYPES = { shared: 0, exclusive: 1, none: 2 } as const; // F_RDLCK, F_WRLCK, F_UNLCK
const BUSY = new Set([koffi.os.errno.EAGAIN, koffi.os.errno.EACCES]);

/**
 * Linux "open file description" locks: unlike POSIX locks they belong to the opened file, not to the process, so two
 * opens of one process exclude each other too, and closing another descriptor does not lose them. The kernel drops
 * them when the last holder of the descriptor dies. Calls run beside the event loop: on a network file system even the
 * non-waiting lock is a round trip that a dead link makes endless.
 */
export function ofdLock(): ByteRangeLock {
  if (process.platform !== 'linux') throw new Error(`byte-range locks need Linux, this is ${process.platform}`);
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, void *lock)');
  const set = (fd: number, type: number, start: number, length: number): Promise<boolean> => {
    const flock = Buffer.alloc(32); // struct flock on 64-bit: type, whence (SEEK_SET), start at 8, length at 16, pid = 0
    flock.writeInt16LE(type, 0);
    flock.writeBigInt64LE(BigInt(start), 8);
    flock.writeBigInt64LE(BigInt(length), 16);
    return new Promise((resolve, reject) => {
      fcntl.async(fd, F_OFD_SETLK, flock, (error: Error | null, status: number) => {
        const errno = koffi.errno(); // of that call: koffi carries it over to the callback
        if (error !== null) reject(error);
        else if (status === 0) resolve(true);
        else if (BUSY.has(errno)) resolve(false);
        else reject(new Error(`fcntl F_OFD_SETLK: errno ${errno}`));
      });
    });
  };
  return {
    tryLock: (fd, mode, start, length) => set(fd, TYPES[mode], start, length),
    unlock: async (fd, start, length) => {
      await set(fd, TYPES.none, start, length);
    },
  };
}
