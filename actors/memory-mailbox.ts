import type { Clock } from './clock.ts';
import type { Address, Delivery, MailboxMessage } from './transport.ts';

type Receive = (delivery: Delivery) => void;

interface Waiting {
  readonly order: number;
  readonly message: MailboxMessage;
  attempt: number;
  /** Who has it now; undefined when nobody, or when it waits out a delay. */
  holder: Receive | undefined;
}

/**
 * One partition's messages, in order. The newest consumer gets new ones, and at first all that are not acknowledged,
 * whoever has them: as in a log that each owner reads from its start. What a stopped one held goes back.
 */
export class MemoryMailbox {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  /** Those nobody holds and that wait out no delay. */
  #ready: Waiting[] = [];
  #next = 1;
  /** Positions of each actor's messages, rising. */
  readonly #perActor = new Map<Address, Set<number>>();
  readonly #consumers: Receive[] = [];
  #pumping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Messages not acknowledged yet. */
  get size(): number {
    return this.#waiting.size;
  }

  waitingFor(actor: Address): number {
    return this.#perActor.get(actor)?.size ?? 0;
  }

  add(message: MailboxMessage): void {
    const item: Waiting = { order: this.#next++, message, attempt: 0, holder: undefined };
    this.#waiting.add(item);
    this.#ready.push(item);
    const positions = this.#perActor.get(message.to);
    if (positions === undefined) this.#perActor.set(message.to, new Set([item.order]));
    else positions.add(item.order);
    this.#pump();
  }

  consume(receive: Receive): () => void {
    const own: Receive = (delivery) => receive(delivery);
    this.#consumers.push(own);
    this.#giveBack([...this.#waiting]);
    return () => {
      const at = this.#consumers.indexOf(own);
      if (at < 0) return;
      this.#consumers.splice(at, 1);
      this.#giveBack([...this.#waiting].filter((item) => item.holder === own));
    };
  }

  #doneBelow({ message, order }: Waiting): number {
    for (const position of this.#perActor.get(message.to) ?? []) if (position !== order) return position;
    return this.#next;
  }

  #giveBack(items: readonly Waiting[]): void {
    for (const item of items) item.holder = undefined;
    const ready = new Set([...this.#ready, ...items.filter((item) => this.#waiting.has(item))]);
    this.#ready = [...ready];
    this.#ready.sort((a, b) => a.order - b.order);
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping || this.#consumers.length === 0) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      const consumer = this.#consumers.at(-1);
      if (consumer === undefined) return;
      const items = this.#ready;
      this.#ready = [];
      for (const item of items) this.#hand(item, consumer);
    });
  }

  #hand(item: Waiting, consumer: Receive): void {
    item.holder = consumer;
    item.attempt++;
    consumer({
      message: item.message,
      position: item.order,
      store: 'memory',
      attempt: item.attempt,
      doneBelow: () => this.#doneBelow(item),
      ack: () => {
        if (!this.#waiting.delete(item)) return;
        const positions = this.#perActor.get(item.message.to);
        positions?.delete(item.order);
        if (positions?.size === 0) this.#perActor.delete(item.message.to);
      },
      nak: (delayMs) => {
        if (item.holder !== consumer) return;
        if (delayMs <= 0) return this.#giveBack([item]);
        item.holder = undefined;
        this.#clock.after(delayMs, () => {
          if (item.holder === undefined) this.#giveBack([item]); // else a newer consumer has it
        });
      },
      isStored: async () => this.#waiting.has(item),
    });
  }
}
