import type { Delivery, PartitionConsumer, Transport } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** How often a cut-off client tries to connect again. */
const RECONNECT_MS = 1000;

/**
 * A client's place at one mailbox. The servers drop a client that they cannot reach, so that others get its messages; the
 * client comes back by itself.
 */
export class Subscription {
  readonly #inner: Transport;
  readonly #partition: number;
  readonly #process: SimProcess;
  readonly #time: VirtualTime;
  readonly #reachable: () => boolean;
  readonly #receive: (delivery: Delivery) => void;
  #consumer: PartitionConsumer | undefined;
  #wanted = true;

  constructor(
    inner: Transport,
    partition: number,
    process: SimProcess,
    time: VirtualTime,
    reachable: () => boolean,
    receive: (delivery: Delivery) => void,
  ) {
    this.#inner = inner;
    this.#partition = partition;
    this.#process = process;
    this.#time = time;
    this.#reachable = reachable;
    this.#receive = receive;
  }

  async open(): Promise<void> {
    if (!this.#wanted || !this.#process.alive) return;
    this.#consumer = await this.#inner.consume(this.#partition, (delivery) => {
      if (this.#reachable() && !this.#process.host.paused) return this.#receive(delivery);
      this.#drop();
      delivery.nak(0);
      return this.#reconnectLater();
    });
    if (!this.#wanted) this.#drop();
  }

  stop(): void {
    this.#wanted = false;
    this.#drop();
  }

  #drop(): void {
    void this.#consumer?.stop();
    this.#consumer = undefined;
  }

  #reconnectLater(): void {
    this.#time.after(RECONNECT_MS, () => {
      if (!this.#wanted || this.#consumer !== undefined) return;
      if (this.#reachable() && !this.#process.host.paused) void this.open();
      else this.#reconnectLater();
    });
  }
}
