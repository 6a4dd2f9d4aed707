import type { Clock } from './clock.ts';
import { MailboxReader, type StoredMessage } from './mailbox-reader.ts';
import type { Address, Delivery, MailboxMessage } from './transport.ts';

/**
 * One partition's messages, in order, as a log that each consumer reads from its start, whoever else reads it; what one of
 * them acknowledges is gone for all. So a consumer that takes nothing keeps nothing from the others.
 */
export class MemoryMailbox {
  readonly #clock: Clock;
  readonly #stored = new Set<StoredMessage>();
  readonly #readers = new Set<MailboxReader>();
  /** Positions of each actor's messages, rising. */
  readonly #perActor = new Map<Address, Set<number>>();
  #next = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Messages not acknowledged yet. */
  get size(): number {
    return this.#stored.size;
  }

  waitingFor(actor: Address): number {
    return this.#perActor.get(actor)?.size ?? 0;
  }

  add(message: MailboxMessage): void {
    const stored: StoredMessage = { position: this.#next++, message };
    this.#stored.add(stored);
    const positions = this.#perActor.get(message.to);
    if (positions === undefined) this.#perActor.set(message.to, new Set([stored.position]));
    else positions.add(stored.position);
    for (const reader of this.#readers) reader.offer(stored);
  }

  /** Returns what ends it. */
  consume(receive: (delivery: Delivery) => void): () => void {
    const reader = new MailboxReader({
      clock: this.#clock,
      receive,
      isStored: (stored) => this.#stored.has(stored),
      doneBelow: (stored) => this.#doneBelow(stored),
      acknowledge: (stored) => this.#remove(stored),
    });
    this.#readers.add(reader);
    for (const stored of this.#stored) reader.offer(stored);
    return () => {
      this.#readers.delete(reader);
      reader.stop();
    };
  }

  #doneBelow(stored: StoredMessage): number {
    for (const position of this.#perActor.get(stored.message.to) ?? [])
      if (position !== stored.position) return position;
    return this.#next;
  }

  #remove(stored: StoredMessage): void {
    if (!this.#stored.delete(stored)) return;
    const { to } = stored.message;
    const positions = this.#perActor.get(to);
    positions?.delete(stored.position);
    if (positions?.size === 0) this.#perActor.delete(to);
    for (const reader of this.#readers) reader.removed(stored);
  }
}
