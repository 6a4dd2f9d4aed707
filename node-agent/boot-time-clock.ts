import koffi from 'koffi';
import { type Clock, systemClock } from '#actors';

/** Linux: monotonic, and counts the time that the host was suspended to memory, which CLOCK_MONOTONIC leaves out. */
const CLOCK_BOOTTIME = 7;

/**
 * The clock of an agent on a real host: after a suspend of the host the guardian sees that its own schedule stood still (G2).
 * Throws where there is no such clock: an agent must not guard a host without.
 */
export function bootTimeClock(): Clock {
  const read = koffi.load('libc.so.6').func('int clock_gettime(int clock, void *time)');
  const time = Buffer.alloc(16); // struct timespec: seconds, nanoseconds
  const nowMs = (): number => {
    if (read(CLOCK_BOOTTIME, time) !== 0) throw new Error('the kernel has no CLOCK_BOOTTIME');
    return Number(time.readBigInt64LE(0)) * 1000 + Number(time.readBigInt64LE(8)) / 1e6;
  };
  nowMs();
  // Timers count CLOCK_MONOTONIC: after a suspend they are late, never early.
  return { nowMs, after: systemClock.after };
}
