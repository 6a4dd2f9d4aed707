import koffi from 'koffi';

/** A lock on a byte range of an open file. */
export interface ByteRangeLock {
  /** Takes it without waiting; false when somebody else has it. Throws when the file system knows no such locks. */
  tryLock(fd: number, start: number, length: number): boolean;
  unlock(fd: number, start: number, length: number): void;
}

const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
const BUSY = new Set([koffi.os.errno.EAGAIN, koffi.os.errno.EACCES]);

/**
 * Linux "open file description" locks: unlike POSIX locks they belong to the opened file, not to the process, so two
 * opens of one process exclude each other too, and closing another descriptor does not lose them. The kernel drops
 * them when the last holder of the descriptor dies.
 */
export function ofdLock(): ByteRangeLock {
  if (process.platform !== 'linux') throw new Error(`byte-range locks need Linux, this is ${process.platform}`);
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, ...)');
  const set = (fd: number, type: number, start: number, length: number): boolean => {
    const flock = Buffer.alloc(32); // struct flock on 64-bit: type, whence (SEEK_SET), start at 8, length at 16, pid = 0
    flock.writeInt16LE(type, 0);
    flock.writeBigInt64LE(BigInt(start), 8);
    flock.writeBigInt64LE(BigInt(length), 16);
    if (fcntl(fd, F_OFD_SETLK, 'void *', flock) === 0) return true;
    const errno = koffi.errno();
    if (BUSY.has(errno)) return false;
    throw new Error(`fcntl F_OFD_SETLK: errno ${errno}`);
  };
  return {
    tryLock: (fd, start, length) => set(fd, F_WRLCK, start, length),
    unlock: (fd, start, length) => {
      set(fd, F_UNLCK, start, length);
    },
  };
}
