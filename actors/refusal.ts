import { isControl } from './control.ts';
import type { Kind } from './registration.ts';
import { RESERVED } from './reserved.ts';

/** Events of the runtime that one actor may send another: the sender's runtime wrote them. */
const BETWEEN_ACTORS = /^actor\.(spawn|timer|done|refused|undelivered|parked|stopped|escalated)$/;

/** Why an event must not reach the machine; undefined when it may. Whatever the kind's own schema does: it never throws. */
export function refusalOf(kind: Kind, event: { readonly type: string }): Error | undefined {
  if (isControl(event) || BETWEEN_ACTORS.test(event.type)) return undefined;
  if (RESERVED.test(event.type)) return new Error(`${event.type} is the runtime's own and cannot be sent`);
  try {
    return kind.events.safeParse(event).error;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
