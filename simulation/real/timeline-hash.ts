import { createHash } from 'node:crypto';

/** What two runs that are the same have in common. */
export function timelineHash(timeline: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(timeline)).digest('hex');
}
