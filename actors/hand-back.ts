import type { HostContext } from './host-context.ts';
import type { Delivery } from './transport.ts';

/** A message that came before an earlier one of its sender waits in the mailbox; a human hears if that takes long. */
export function handBack({ limits, alert }: HostContext, delivery: Delivery): void {
  const { attempt, message } = delivery;
  if (attempt % 50 === 0) {
    const { from, to, sequence } = message;
    alert({ code: 'SEQUENCE_GAP', address: to, text: `${to} waits for a message of ${from} before ${sequence}` });
  }
  delivery.nak(limits.handBackMs * Math.min(attempt, 10));
}
