import { Halted, untilAvailable } from './backoff.ts';
import { MailboxFull, TerminalError } from './errors.ts';
import type { HostContext } from './host-context.ts';
import type { Address, MailboxMessage } from './transport.ts';

/**
 * Committed messages on their way to other mailboxes, sent one after the other in order. They stay in every envelope
 * until they are delivered; a takeover sends them again and receivers drop what they have.
 */
export class Outbox {
  messages: MailboxMessage[] = [];
  readonly #context: HostContext;
  readonly #owner: Address;
  readonly #halted: () => boolean;
  #sending = false;
  #roomAwaited: (() => void) | undefined;

  constructor(context: HostContext, owner: Address, halted: () => boolean) {
    this.#context = context;
    this.#owner = owner;
    this.#halted = halted;
  }

  get size(): number {
    return this.messages.length;
  }

  add(messages: readonly MailboxMessage[]): void {
    if (messages.length === 0) return;
    this.messages.push(...messages);
    if (this.#sending) return;
    this.#sending = true;
    void this.#send();
  }

  /** What is unsent is in the journal too: it comes back with the next load. */
  clear(): void {
    this.messages = [];
  }

  /** Resolves when the outbox is below its limit: a sender is slowed down, not its receivers overrun. */
  untilRoom(): Promise<void> {
    return this.#untilBelow(this.#context.limits.outboxDepth);
  }

  /** Resolves when everything is sent. */
  untilSent(): Promise<void> {
    return this.#untilBelow(1);
  }

  async #untilBelow(size: number): Promise<void> {
    while (this.size >= size && !this.#halted()) {
      await new Promise<void>((resolve) => {
        this.#roomAwaited = resolve;
      });
    }
  }

  async #send(): Promise<void> {
    const { clock, random, limits, transport } = this.#context;
    const onRetry = (error: Error, attempt: number): void => this.#delayed(error, attempt);
    try {
      for (let next = this.messages[0]; next !== undefined; next = this.messages[0]) {
        const message = next;
        await untilAvailable(clock, random, limits.unavailable, this.#halted, onRetry, () =>
          transport.deliver(message).catch((error: unknown) => this.#undeliverable(message, error)),
        );
        if (this.messages[0] === message) this.messages.shift();
        this.#roomAwaited?.();
        if (this.#halted()) throw new Halted();
        this.#context.onCyclePoint('send', this.#owner);
      }
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
    } finally {
      this.#sending = false;
      this.#roomAwaited?.();
    }
  }

  /** What no mailbox will ever take must not hold up what comes after it: a small word takes its place and number. */
  async #undeliverable(message: MailboxMessage, error: unknown): Promise<void> {
    if (!(error instanceof TerminalError)) throw error;
    const { alert, transport } = this.#context;
    alert({ code: 'MESSAGE_REFUSED', address: this.#owner, text: `${message.id} cannot be sent: ${error.message}` });
    await transport.deadLetter(message, error.message);
    const { event, ...envelope } = message;
    const lost = { type: 'actor.undelivered', event: event.type, code: error.code, from: this.#owner };
    await transport.deliver({ ...envelope, event: lost }).catch((again: unknown) => {
      if (!(again instanceof TerminalError)) throw again; // else there is no such mailbox: nobody waits for that number
    });
  }

  #delayed(error: Error, attempt: number): void {
    if (attempt % 10 !== 1) return;
    const code = error instanceof MailboxFull ? 'MAILBOX_FULL' : 'TRANSPORT_UNAVAILABLE';
    this.#context.alert({ code, address: this.#owner, text: error.message });
  }
}
