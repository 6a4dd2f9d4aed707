import type { Delivery, PartitionConsumer, Transport } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** How often a cut-off client tries to connect again. */
const RECONNECT_MS = 1000;

export interface SubscriptionOptions {
  readonly inner: Transport;
  readonly partition: number;
  readonly process: SimProcess;
  readonly time: VirtualTime;
  readonly reachable: () => boolean;
  readonly receive: (delivery: Delivery) => void;
  /** The server let the client go. */
  readonly onDrop: () => void;
}

/**
 * A client's place at one mailbox. The servers drop a client that they cannot reach; it comes back by itself, and reads from
 * the start what nobody acknowledged meanwhile.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  #consumer: PartitionConsumer | undefined;
  #wanted = true;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (!this.#wanted || !this.#options.process.alive) return;
    const { inner, partition, receive } = this.#options;
    let isLost = false;
    const consumer = await inner.consume(partition, (delivery) => {
      if (isLost) return;
      if (this.#isConnected()) return receive(delivery);
      isLost = true;
      this.#drop();
      this.#reconnectLater();
    });
    this.#consumer = consumer;
    // What it was handed may have got lost, or nobody wants it any more, before it was known here.
    if (isLost || !this.#wanted) this.#drop();
  }

  stop(): void {
    this.#wanted = false;
    this.#drop();
  }

  #isConnected(): boolean {
    const { reachable, process } = this.#options;
    return reachable() && !process.host.paused;
  }

  #drop(): void {
    this.#options.onDrop();
    void this.#consumer?.stop();
    this.#consumer = undefined;
  }

  #reconnectLater(): void {
    this.#options.time.after(RECONNECT_MS, () => {
      if (!this.#wanted) return;
      if (this.#isConnected()) void this.open();
      else this.#reconnectLater();
    });
  }
}
