import { laneOf, type MailboxMessage } from '#actors';

/** A message from outside the actor system: it has no cursor, only its id tells a repetition. */
export function isExternal(message: MailboxMessage): boolean {
  return message.from.startsWith('external:');
}

/** By what an actor recognises a message that comes again. */
export function keyOf(message: MailboxMessage): string {
  return isExternal(message) ? message.id : laneOf(message.from, message.event);
}
