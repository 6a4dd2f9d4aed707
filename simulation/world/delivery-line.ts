import type { Address, Delivery } from '#actors';

/**
 * Unacknowledged messages from outside that one actor is handed at most: below the number of ids it remembers, so that it
 * knows each that comes again. Real transports hold back the same.
 */
const EXTERNAL_UNACKNOWLEDGED = 31;

/** What one client is handed of one mailbox: per actor in order, and never more than it could recognise again. */
export class DeliveryLine {
  readonly #hand: (delivery: Delivery, settled: () => void) => void;
  #waiting = new Map<Address, Delivery[]>();
  #unacknowledged = new Map<Address, number>();

  /** `hand` must call `settled` once, when the message was acknowledged or given back. */
  constructor(hand: (delivery: Delivery, settled: () => void) => void) {
    this.#hand = hand;
  }

  take(delivery: Delivery): void {
    const { to } = delivery.message;
    const waiting = this.#waiting.get(to);
    if (waiting !== undefined) waiting.push(delivery);
    else if (this.#mustWait(delivery)) this.#waiting.set(to, [delivery]);
    else this.#pass(delivery);
  }

  /** The connection is lost: what waits here was given back by the server. */
  reset(): void {
    this.#waiting = new Map();
    this.#unacknowledged = new Map();
  }

  #mustWait({ message }: Delivery): boolean {
    return isExternal(message.from) && (this.#unacknowledged.get(message.to) ?? 0) >= EXTERNAL_UNACKNOWLEDGED;
  }

  #pass(delivery: Delivery): void {
    const { to, from } = delivery.message;
    if (!isExternal(from)) {
      this.#hand(delivery, () => {});
      return;
    }
    const counted = this.#unacknowledged;
    counted.set(to, (counted.get(to) ?? 0) + 1);
    this.#hand(delivery, () => {
      if (this.#unacknowledged !== counted) return;
      counted.set(to, (counted.get(to) ?? 1) - 1);
      this.#pump(to);
    });
  }

  #pump(to: Address): void {
    const waiting = this.#waiting.get(to) ?? [];
    for (let next = waiting[0]; next !== undefined && !this.#mustWait(next); next = waiting[0]) {
      waiting.shift();
      this.#pass(next);
    }
    if (waiting.length === 0) this.#waiting.delete(to);
  }
}

function isExternal(from: string): boolean {
  return from.startsWith('external:');
}
