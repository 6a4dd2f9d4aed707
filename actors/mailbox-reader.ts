import type { Clock } from './clock.ts';
import type { Delivery, MailboxMessage } from './transport.ts';

/** A message that no consumer acknowledged yet. */
export interface StoredMessage {
  /** Where it lies in the mailbox. */
  readonly position: number;
  readonly message: MailboxMessage;
}

export interface ReaderEdges {
  readonly clock: Clock;
  readonly receive: (delivery: Delivery) => void;
  readonly isStored: (stored: StoredMessage) => boolean;
  /** See `Delivery`. */
  readonly doneBelow: (stored: StoredMessage) => number;
  readonly acknowledge: (stored: StoredMessage) => void;
}

/**
 * One consumer's place in a mailbox: hands out what is stored, in order, and once more what is handed back to it. It knows
 * nothing of other consumers; what one of them acknowledged before it was handed out here is left out.
 */
export class MailboxReader {
  readonly #edges: ReaderEdges;
  /** To be handed out, in the order of their positions. */
  #ready: StoredMessage[] = [];
  readonly #attempts = new Map<StoredMessage, number>();
  #handing = false;
  #stopped = false;

  constructor(edges: ReaderEdges) {
    this.#edges = edges;
  }

  /** A message above all that were offered before. */
  offer(stored: StoredMessage): void {
    this.#ready.push(stored);
    this.#handSoon();
  }

  /** It was acknowledged, here or elsewhere. */
  removed(stored: StoredMessage): void {
    this.#attempts.delete(stored);
  }

  /** Hands out nothing any more; what it handed out may still be acknowledged. */
  stop(): void {
    this.#stopped = true;
    this.#ready = [];
  }

  #handSoon(): void {
    if (this.#handing) return;
    this.#handing = true;
    queueMicrotask(() => {
      this.#handing = false;
      const ready = this.#ready;
      this.#ready = [];
      // Asked before each: whoever is handed one may acknowledge others, or stop.
      for (const stored of ready) if (!this.#stopped && this.#edges.isStored(stored)) this.#hand(stored);
    });
  }

  #hand(stored: StoredMessage): void {
    const { receive, isStored, doneBelow, acknowledge } = this.#edges;
    const attempt = (this.#attempts.get(stored) ?? 0) + 1;
    this.#attempts.set(stored, attempt);
    let isHandedBack = false;
    receive({
      message: stored.message,
      position: stored.position,
      store: 'memory',
      attempt,
      doneBelow: () => doneBelow(stored),
      ack: () => acknowledge(stored),
      nak: (delayMs) => {
        if (isHandedBack) return;
        isHandedBack = true;
        this.#again(stored, delayMs);
      },
      isStored: async () => isStored(stored),
    });
  }

  #again(stored: StoredMessage, delayMs: number): void {
    if (delayMs > 0) {
      this.#edges.clock.after(delayMs, () => this.#again(stored, 0));
      return;
    }
    if (this.#stopped || !this.#edges.isStored(stored)) return;
    this.#ready.push(stored);
    this.#ready.sort((a, b) => a.position - b.position);
    this.#handSoon();
  }
}
