import type { HostContext } from './host-context.ts';
import type { MailboxMessage } from './transport.ts';

/** Tells an asker why its question waits; the question itself stays in the mailbox. */
export function answerLater(context: HostContext, message: MailboxMessage, outcome: string, why: string): void {
  if (message.replyTo === undefined) return;
  context.transport.bus.publish(message.replyTo, {
    ok: false,
    outcome,
    why: `${why} (the event waits in the mailbox)`,
  });
}
