import { isControl } from './control.ts';
import type { Kind } from './registration.ts';
import { RESERVED } from './reserved.ts';
import { assertSerialisable } from './serialisable.ts';
import type { MailboxMessage } from './transport.ts';

type Event = MailboxMessage['event'];

/** What the machine is given: the event as the kind's schema makes it (defaults, coercions), or why it is given none. */
export type CheckedEvent = { readonly event: Event; readonly refusal?: undefined } | { readonly refusal: Error };

/** Events of the runtime that one actor may send another: the sender's runtime wrote them. */
const BETWEEN_ACTORS = /^actor\.(spawn|timer|done|refused|undelivered|parked|stopped|escalated)$/;

/** Whatever the kind's own schema does: it never throws. */
export function checkEvent(kind: Kind, event: Event): CheckedEvent {
  if (isControl(event) || BETWEEN_ACTORS.test(event.type)) return { event };
  if (RESERVED.test(event.type)) return { refusal: new Error(`${event.type} is the runtime's own and cannot be sent`) };
  try {
    const { data, error } = kind.events.safeParse(event);
    return error === undefined ? { event: asEvent(data) } : { refusal: error };
  } catch (error) {
    return { refusal: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** A schema may make anything of an event. Throws when that is none any more. */
function asEvent(made: unknown): Event {
  const type: unknown = typeof made === 'object' && made !== null ? Reflect.get(made, 'type') : undefined;
  if (typeof type !== 'string' || RESERVED.test(type)) throw new Error('the schema of its kind makes no event of it');
  assertSerialisable(made, `what the schema makes of ${type}`);
  return made as Event; // an object with a type, by the lines above
}
