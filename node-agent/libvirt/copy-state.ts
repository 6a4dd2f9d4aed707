import type { VmCopy } from '#ports';

/** Numbers of libvirt's virDomainState and of the reasons of "shut off". */
const PAUSED = 3;
/**
 * Reasons of "paused" for which nothing makes a domain run but a resume: a user's suspend, an I/O error, the guest's watchdog,
 * a crash. All others (migration, save, dump, snapshot, starting up ...) belong to a job, which may let it run when it ends.
 */
const PAUSED_FOR_GOOD: ReadonlySet<number> = new Set([1, 5, 6, 10]);
const SHUT_OFF = 5;
const CRASHED = 6;
const OFF_SHUTDOWN = 1;
const OFF_DESTROYED = 2;
const OFF_CRASHED = 3;
const OFF_MIGRATED = 4;
const OFF_FAILED = 6;

/** Who began the last shutdown, as told by a lifecycle event; undefined when no event was seen. */
export type ShutdownBy = 'guest' | 'host' | undefined;

/**
 * A domain's state in our words. "Shut off, by shutdown" alone does not tell a guest's own power-off from somebody's
 * SIGTERM to QEMU; the event seen before it does. Unseen: `unknown`.
 */
export function copyState(state: number, reason: number, by: ShutdownBy): Pick<VmCopy, 'state' | 'reason'> {
  if (state === PAUSED && !PAUSED_FOR_GOOD.has(reason)) return { state: 'running' }; // it may run any moment
  // A crashed guest that libvirt preserves still has its QEMU, so it is not off.
  if (state === PAUSED || state === CRASHED) return { state: 'suspended' };
  if (state !== SHUT_OFF) return { state: 'running' };
  if (reason === OFF_MIGRATED) return { state: 'off', reason: 'migrated' };
  if (reason === OFF_DESTROYED) return { state: 'off', reason: 'destroyed' };
  if (reason === OFF_CRASHED || reason === OFF_FAILED) return { state: 'off', reason: 'crashed' };
  if (reason === OFF_SHUTDOWN && by === 'guest') return { state: 'off', reason: 'guest-shutdown' };
  if (reason === OFF_SHUTDOWN && by === 'host') return { state: 'off', reason: 'crashed' };
  if (reason === 0) return { state: 'off', reason: 'lost' };
  return { state: 'off', reason: 'unknown' };
}

/** Reads a lifecycle event: who shuts the domain down, `started` (forget the last one), or nothing of interest. */
export function shutdownBy(event: number, detail: number): 'guest' | 'host' | 'started' | undefined {
  if (event === 2) return 'started';
  if (event !== 6) return undefined;
  if (detail === 1) return 'guest';
  if (detail === 2) return 'host';
  return undefined;
}
