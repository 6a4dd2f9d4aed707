import { bytesOf } from './bytes-of.ts';
import { isControl } from './control.ts';
import type { Envelope } from './envelope.ts';
import { SnapshotTooLarge } from './errors.ts';
import type { Limits } from './limits.ts';
import { UNBORN } from './snapshot.ts';

/** What parking, ending or releasing an actor may need beyond the limit: one that fills it must still take these. */
const RESERVE_BYTES = 8_192;

/** Marks a causing event that was too large to be kept in the history. */
const CUT = 'actor.cut';
const LONGEST_CUT_TYPE = 200;

interface Room {
  readonly limits: Limits;
  /** What messaging takes. */
  readonly maxBodyBytes: number;
}

/**
 * The envelope as JSON, its causing event cut where it does not fit otherwise. The limit `snapshotBytes` is the machine's:
 * the numbers of its senders and what messaging has not taken from it yet (an outbox) do not count. What parks, ends or
 * releases an actor has all the room there is. Throws `SnapshotTooLarge`.
 */
export function fitting(room: Room, envelope: Envelope): string {
  let why = '';
  for (const version of versionsOf(envelope)) {
    const body = JSON.stringify(version);
    why = tooLarge(room, version, body);
    if (why === '') return body;
  }
  throw new SnapshotTooLarge(why);
}

/** From whole to what is left when nothing but the actor's end matters. */
function* versionsOf(envelope: Envelope): Iterable<Envelope> {
  yield envelope;
  const { kind, from, event } = envelope.cause;
  const shorter = {
    ...envelope,
    cause: { kind, from, event: { type: event.type.slice(0, LONGEST_CUT_TYPE), [CUT]: true } },
  };
  yield shorter;
  if (envelope.status === 'stopped') yield { ...shorter, snapshot: UNBORN, unborn: true };
}

/** Why it does not fit; empty when it does. Counts bytes only where their number is in doubt: a character has three at most. */
function tooLarge({ limits, maxBodyBytes }: Room, envelope: Envelope, body: string): string {
  const must = envelope.outcome === 'failed' || isControl(envelope.cause.event);
  const most = must ? maxBodyBytes : maxBodyBytes - RESERVE_BYTES;
  const own = must ? most : Math.min(most, limits.snapshotBytes);
  if (body.length * 3 <= own) return '';
  const bytes = bytesOf(body);
  if (bytes <= own) return '';
  if (bytes > most) return `a step of ${bytes} bytes, messaging takes ${most}: keep less in the context`;
  const { outbox, cursors, atLeast = {} } = envelope;
  const ownBytes = [outbox, cursors, atLeast].reduce((rest, each) => rest - bytesOf(JSON.stringify(each)), bytes);
  if (ownBytes <= own) return '';
  return `a step of ${ownBytes} bytes, limit ${own}: keep less in the context or raise limits.snapshotBytes`;
}
