import { laneOf } from './control.ts';
import { Gaps } from './gaps.ts';
import type { HostContext } from './host-context.ts';
import type { Delivery, MailboxMessage } from './transport.ts';

/** What one actor does with messages that came before an earlier one of their sender: they wait in the mailbox for it. */
export class EarlyMessages {
  readonly #context: HostContext;
  readonly #gaps: Gaps;
  readonly #onGap: () => void;

  /** `onGap`: the earlier one stays away, so it may have got lost between the mailbox, where it is stored, and here. */
  constructor(context: HostContext, onGap: () => void) {
    this.#context = context;
    this.#gaps = new Gaps(context.limits.gapMs);
    this.#onGap = onGap;
  }

  handBack(delivery: Delivery): void {
    const { clock, limits, alert } = this.#context;
    const { from, to, sequence, event } = delivery.message;
    const openMs = this.#gaps.early(laneOf(from, event), clock.nowMs());
    if (openMs !== undefined) {
      const what = `${to} waits for a message of ${from} before ${sequence} for ${Math.round(openMs)} ms`;
      alert({ code: 'SEQUENCE_GAP', address: to, text: `${what}: its mailbox is read again from the start` });
      this.#onGap();
    }
    delivery.nak(limits.handBackMs * Math.min(delivery.attempt, 10));
  }

  /** In its order. */
  taken({ from, event }: MailboxMessage): void {
    this.#gaps.closed(laneOf(from, event));
  }
}
