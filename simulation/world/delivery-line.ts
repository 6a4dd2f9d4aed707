import type { Address, Delivery } from '#actors';

/**
 * So many messages from outside one actor may be handed after the oldest that is not acknowledged: below the number of
 * ids it remembers, so that it knows each that comes again. Real transports hold back too.
 */
const EXTERNAL_WINDOW = 31;

interface Window {
  handed: number;
  /** Which of those handed are not acknowledged; rising. */
  readonly open: number[];
}

/** What one client is handed of one mailbox: per actor in order, and never more than it could recognise again. */
export class DeliveryLine {
  readonly #hand: (delivery: Delivery, settled: () => void) => void;
  #waiting = new Map<Address, Delivery[]>();
  #windows = new Map<Address, Window>();

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
    this.#windows = new Map();
  }

  #mustWait({ message }: Delivery): boolean {
    const window = this.#windows.get(message.to);
    const [oldest] = window?.open ?? [];
    if (window === undefined || oldest === undefined || !isExternal(message.from)) return false;
    return window.handed - oldest >= EXTERNAL_WINDOW;
  }

  #pass(delivery: Delivery): void {
    const { to, from } = delivery.message;
    if (!isExternal(from)) {
      this.#hand(delivery, () => {});
      return;
    }
    const window = this.#windows.get(to) ?? { handed: 0, open: [] };
    this.#windows.set(to, window);
    window.handed += 1;
    const position = window.handed;
    window.open.push(position);
    this.#hand(delivery, () => {
      window.open.splice(window.open.indexOf(position), 1);
      if (this.#windows.get(to) === window) this.#pump(to);
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
