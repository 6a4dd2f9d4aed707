import type { Address, Delivery } from '#actors';

/**
 * So many messages from outside one actor may be handed after the oldest that is not acknowledged: below the number of
 * ids it remembers, so that it knows each that comes again. Real transports hold back too.
 */
const EXTERNAL_WINDOW = 31;

interface Window {
  handed: number;
  /** Message ids that are not acknowledged, with their places; rising. One given back is still open: it comes again. */
  readonly open: Map<string, number>;
}

/** What one client is handed of one mailbox: per actor in order, and never more than it could recognise again. */
export class DeliveryLine {
  readonly #hand: (delivery: Delivery, acknowledged: () => void, isConnected: () => boolean) => void;
  #connection = 0;
  #waiting = new Map<Address, Delivery[]>();
  #windows = new Map<Address, Window>();

  /**
   * `hand` must call `acknowledged` when the server has heard that the message was taken. What is on its way when the
   * connection is lost never arrives: `isConnected` tells.
   */
  constructor(hand: (delivery: Delivery, acknowledged: () => void, isConnected: () => boolean) => void) {
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
    this.#connection += 1;
    this.#waiting = new Map();
    this.#windows = new Map();
  }

  #mustWait({ message }: Delivery): boolean {
    const window = this.#windows.get(message.to);
    if (window === undefined || !isExternal(message.from) || window.open.has(message.id)) return false;
    const [oldest] = window.open.values();
    return oldest !== undefined && window.handed - oldest >= EXTERNAL_WINDOW;
  }

  #pass(delivery: Delivery): void {
    const { id, to, from } = delivery.message;
    const connection = this.#connection;
    const isConnected = () => this.#connection === connection;
    if (!isExternal(from)) {
      this.#hand(delivery, () => {}, isConnected);
      return;
    }
    const window = this.#windows.get(to) ?? { handed: 0, open: new Map() };
    this.#windows.set(to, window);
    if (!window.open.has(id)) {
      window.handed += 1;
      window.open.set(id, window.handed);
    }
    const acknowledged = () => {
      window.open.delete(id);
      if (this.#windows.get(to) === window) this.#pump(to);
    };
    this.#hand(delivery, acknowledged, isConnected);
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
