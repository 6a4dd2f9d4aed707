import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream';
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node';
import { TransportUnavailable } from '#actors';
import { type FeedConsumer, makeConsumer, makeConsumerOn } from './feed-consumer.ts';

/** A stored message. */
export interface FeedMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly header: (name: string) => string;
}

export interface FeedOptions {
  readonly stream: string;
  readonly filters: readonly string[];
  /** First sequence to read; or only the last message of each subject and everything after. */
  readonly from: number | 'last_per_subject';
  /** At most this many messages are handed out and not yet released. */
  readonly window: number;
  /** True for a feed that lasts: after a while it reads from a consumer on the very server it is connected to. */
  readonly lasts?: boolean;
  readonly onMessage: (message: FeedMessage) => void;
  /** Asked of the servers: false once another stream bears the name. Of that one this feed reads nothing. */
  readonly isSameStream?: () => Promise<boolean>;
}

const HEARTBEAT_MS = 500;
const SILENCE_MS = 1_200;
const EXPIRES_MS = 30_000;
/** A consumer that has lasted this long is worth a better place. */
const SETTLED_MS = 1_000;

/**
 * Reads a stream in order, without gaps, from one ephemeral server-side consumer that it replaces whenever that falls
 * silent (a killed server), is deleted, or skips a message. Where to go on is kept here, so nothing depends on a
 * consumer's survival. Invariant: messages come in rising sequence, each once.
 */
export class StreamFeed {
  readonly #connection: () => NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #options: FeedOptions;
  #consumer: FeedConsumer | undefined;
  /** When the consumer is to be placed better; undefined when that was tried. */
  #placeMs: number | undefined;
  /** Where the subscription is. */
  #at: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #lastSequence = 0;
  #pending = 0;
  #delivered = 0;
  #requested = 0;
  #outstanding = 0;
  #heardMs = 0;
  #renewing = false;
  #stopped = false;
  readonly #watchdog: NodeJS.Timeout;

  private constructor(connection: () => NatsConnection, manager: JetStreamManager, options: FeedOptions) {
    this.#connection = connection;
    this.#manager = manager;
    this.#options = options;
    this.#watchdog = setInterval(() => {
      const isSilent = this.#requested > 0 && performance.now() - this.#heardMs > SILENCE_MS;
      const hasMoved = this.#at !== undefined && this.#at !== this.#connection();
      if (isSilent || hasMoved) void this.#renew();
      else if (this.#placeMs !== undefined && performance.now() > this.#placeMs) void this.#place();
    }, HEARTBEAT_MS / 2);
    this.#watchdog.unref();
  }

  /**
   * `connection`: when it becomes another one the feed goes there. Throws when the first consumer cannot be created; later
   * failures are repaired in the background.
   */
  static async open(
    connection: () => NatsConnection,
    manager: JetStreamManager,
    options: FeedOptions,
  ): Promise<StreamFeed> {
    const feed = new StreamFeed(connection, manager, options);
    try {
      await feed.#create();
    } catch (error) {
      await feed.stop();
      throw error;
    }
    return feed;
  }

  /** Sequence of the last message handed out; 0 before the first. */
  get position(): number {
    return this.#lastSequence;
  }

  /** Messages left to read when the servers last said so. */
  get pending(): number {
    return this.#pending;
  }

  /** A message handed out was dealt with: makes room for another. */
  release(): void {
    this.#outstanding -= 1;
    this.#pull();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    await this.#drop();
  }

  #start(): Partial<ConsumerConfig> {
    const { from } = this.#options;
    if (from === 'last_per_subject' && this.#lastSequence === 0) return { deliver_policy: 'last_per_subject' };
    const first = Math.max(this.#lastSequence + 1, typeof from === 'number' ? from : 1);
    return { deliver_policy: 'by_start_sequence', opt_start_seq: first };
  }

  async #create(): Promise<void> {
    const consumer = await makeConsumer(this.#manager, this.#options, this.#start());
    await this.#use(consumer);
    if (this.#options.lasts === true) this.#placeMs = performance.now() + SETTLED_MS;
  }

  async #use(consumer: FeedConsumer): Promise<void> {
    // After it was made: of a stream that is the same even now.
    const isSame = (await this.#options.isSameStream?.()) ?? true;
    if (this.#stopped || !isSame) {
      await this.#manager.consumers.delete(this.#options.stream, consumer.name);
      if (this.#stopped) return;
      throw new TransportUnavailable(`stream ${this.#options.stream} is another one than before`);
    }
    this.#consumer = consumer;
    this.#pending = consumer.pending;
    this.#delivered = 0;
    this.#requested = 0;
    this.#heardMs = performance.now();
    const connection = this.#connection();
    const subscription = connection.subscribe(createInbox(), {
      callback: (error, message) => {
        if (error === null && this.#subscription === subscription) this.#receive(message);
      },
    });
    this.#subscription = subscription;
    this.#at = connection;
    this.#pull();
  }

  /** On the way from another server every message takes one more hop, and that server may lag behind what was removed. */
  async #place(): Promise<void> {
    this.#placeMs = undefined;
    const server = this.#at?.info?.server_name;
    const here = this.#consumer?.server;
    if (this.#renewing || this.#stopped || server === undefined || here === undefined || here === server) return;
    this.#renewing = true;
    try {
      // Meanwhile the other goes on; what both bring is taken once.
      const consumer = await makeConsumerOn(server, this.#manager, this.#options, () => this.#start());
      if (consumer !== undefined) {
        void this.#drop();
        await this.#use(consumer);
      }
    } catch {
      // No leader or not connected: it stays where it is.
    } finally {
      this.#renewing = false;
    }
  }

  async #drop(): Promise<void> {
    if (this.#at?.isClosed() === false) this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#at = undefined;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#placeMs = undefined;
    if (consumer === undefined || this.#connection().isClosed()) return;
    // Not deleted now, the server removes it after its inactivity threshold.
    await this.#manager.consumers.delete(this.#options.stream, consumer.name).catch(() => false);
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#stopped) return;
    this.#renewing = true;
    void this.#drop();
    while (!this.#stopped && !this.#connection().isClosed()) {
      try {
        await this.#create();
        break;
      } catch {
        // No leader yet or not connected: ask again until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    this.#renewing = false;
  }

  #pull(): void {
    const subscription = this.#subscription;
    const [connection, consumer] = [this.#at, this.#consumer];
    if (subscription === undefined || connection === undefined || consumer === undefined) return;
    if (this.#stopped || connection.isClosed()) return;
    const room = this.#options.window - this.#outstanding - this.#requested;
    if (room <= 0 || (this.#requested > 0 && room < this.#options.window / 4)) return;
    if (this.#requested === 0) this.#heardMs = performance.now();
    this.#requested += room;
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${consumer.name}`,
      JSON.stringify({ batch: room, expires: nanos(EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }),
      { reply: subscription.getSubject() },
    );
  }

  #receive(message: Msg): void {
    this.#heardMs = performance.now();
    // Only what the servers say has no body; looking into the headers of all the others would take long.
    const status = message.data.length > 0 ? 0 : (message.headers?.code ?? 0);
    if (status !== 0) {
      this.#receiveStatus(status, message);
      return;
    }
    const { sequence, delivered, pending } = parsePosition(message.reply ?? '');
    if (delivered !== this.#delivered + 1) {
      void this.#renew();
      return;
    }
    this.#delivered = delivered;
    this.#pending = pending;
    this.#requested -= 1;
    if (sequence > this.#lastSequence) {
      this.#lastSequence = sequence;
      this.#outstanding += 1;
      const { subject, data } = message;
      this.#options.onMessage({ subject, sequence, data, header: (name) => message.headers?.get(name) ?? '' });
    }
    this.#pull();
  }

  #receiveStatus(status: number, message: Msg): void {
    if (status === 100) return;
    if (status === 408) {
      const left = Number(message.headers?.get('Nats-Pending-Messages') ?? '0');
      this.#requested = Math.max(0, this.#requested - left);
      this.#pull();
      return;
    }
    void this.#renew();
  }
}

/** `$JS.ACK.[domain.account.]stream.consumer.delivery.streamSequence.consumerSequence.time.pending[.random]` */
function parsePosition(reply: string): { sequence: number; delivered: number; pending: number } {
  const tokens = reply.split('.');
  const shift = tokens.length > 9 ? 2 : 0;
  return {
    sequence: Number(tokens[5 + shift]),
    delivered: Number(tokens[6 + shift]),
    pending: Number(tokens[8 + shift]),
  };
}
