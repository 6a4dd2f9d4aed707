import type { JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import {
  type Address,
  type Alert,
  type Bus,
  type DeadLetter,
  type Delivery,
  type JournalEntry,
  type MailboxMessage,
  type PartitionConsumer,
  StaleCommit,
  type StepCommit,
  type Transport,
  TransportUnavailable,
} from '#actors';
import { deadLetter } from './dead-letter.ts';
import { WriteRefused } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { JournalWatch } from './journal-watch.ts';
import type { LeaderConnection } from './leader-connection.ts';
import { MailboxLimit } from './mailbox-limit.ts';
import { Mailboxes } from './mailboxes.ts';
import { isExternal } from './message-key.ts';
import { NatsBus } from './nats-bus.ts';
import type { ServerTime } from './server-time.ts';
import { fitting, StepWrites } from './step-writes.ts';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';
import type { StreamIdentity } from './stream-identity.ts';
import { StreamReads } from './stream-reads.ts';
import type { Subjects } from './subjects.ts';

export interface JetStreamParts {
  readonly connection: NatsConnection;
  /** For writing and reading the stream. */
  readonly near: LeaderConnection;
  readonly manager: JetStreamManager;
  readonly subjects: Subjects;
  readonly stream: string;
  readonly atomic: boolean;
  readonly schedules: boolean;
  readonly serverTime: ServerTime;
  readonly identity: StreamIdentity;
  readonly timeoutMs: number;
  /** How long a read is tried again while nobody answers it. */
  readonly readTimeoutMs: number;
  readonly mailboxLimit: number;
}

/** Messages of a watch on their way at once. */
const WINDOW = 512;

/** Durable actors' messaging on one JetStream stream; made by `connectJetStream`. */
export class JetStreamTransport implements Transport {
  readonly partitions: number;
  readonly atomicOutgoing: boolean;
  readonly boundedRedelivery: boolean;
  readonly schedules: boolean;
  readonly bus: Bus;
  readonly #parts: JetStreamParts;
  readonly #reads: StreamReads;
  readonly #writes: StepWrites;
  readonly #group: GroupCommit;
  readonly #mailboxes: Mailboxes;
  readonly #limit: MailboxLimit;
  readonly #feeds = new Set<{ stop(): Promise<void> }>();
  readonly #watches = new Set<JournalWatch>();
  readonly #alerts = new Set<(alert: Alert) => void>();

  constructor(parts: JetStreamParts) {
    this.#parts = parts;
    this.partitions = parts.subjects.partitions;
    this.atomicOutgoing = parts.atomic;
    // What is sent from an outbox is sent again after each takeover, however long ago it arrived.
    this.boundedRedelivery = parts.atomic;
    this.schedules = parts.schedules;
    this.bus = new NatsBus(parts.connection, parts.subjects.prefix);
    const { atomic, timeoutMs, manager, stream, subjects, serverTime } = parts;
    this.#reads = new StreamReads(parts);
    this.#writes = new StepWrites({ subjects, serverTime, maxBodyBytes: () => this.maxBodyBytes });
    this.#group = new GroupCommit(() => parts.near.current, {
      ...{ atomic, timeoutMs, inFlight: 6, batchMessages: 150 },
      mayPack: (partition) => this.#mailboxes.mayPack(partition),
      packSubject: () => subjects.pack(nuid.next()),
      maxBodyBytes: () => this.maxBodyBytes,
    });
    this.#mailboxes = new Mailboxes({
      connection: () => parts.near.current,
      manager,
      stream,
      subjects,
      bus: this.bus,
      identity: parts.identity,
      isStored: (sequence) => this.#reads.isStored(sequence),
      refuse: (message, reason) => this.deadLetter(message, reason),
      alert: (alert) => this.#alert(alert),
    });
    parts.identity.onReplaced(() => this.#startAnew());
    this.#limit = new MailboxLimit(parts.mailboxLimit, (address) => this.#reads.depth(address));
  }

  async deliver(message: MailboxMessage): Promise<void> {
    const write = this.#writes.mailbox(message);
    const store = (): Promise<number> => this.#group.write([write]);
    await (isExternal(message) && message.urgent !== true ? this.#limit.admit(message.to, store) : store());
  }

  async commit(step: StepCommit): Promise<number> {
    const journal = this.#writes.journal(step);
    // Made in any case: one that could not be sent later must fail the step now.
    const outgoing = this.#writes.letters(step);
    const scheduled = this.#writes.schedules(step);
    try {
      if (this.atomicOutgoing) return await this.#group.write(...fitting(step, [journal, ...scheduled], outgoing));
      const sequence = await this.#group.write([journal]);
      // Lost with this process at worst, and then the timer begins again on the next host.
      for (const write of scheduled) this.#group.write([write]).catch(() => {});
      return sequence;
    } catch (error) {
      if (error instanceof WriteRefused) return await this.#settle(step);
      throw error;
    }
  }

  /** A refused expectation may mean our own earlier attempt landed: only the leader's last entry can tell. */
  async #settle(step: StepCommit): Promise<number> {
    const last = await this.latest(step.address);
    if (last?.commitId === step.commitId) return last.sequence;
    if ((last?.sequence ?? 0) === step.expectedSequence) {
      throw new TransportUnavailable(`another write to ${step.address} is under way`);
    }
    throw new StaleCommit(`${step.address} is at ${last?.sequence ?? 0}, the step expected ${step.expectedSequence}`);
  }

  latest(address: Address): Promise<JournalEntry | undefined> {
    return this.#reads.latest(address);
  }

  sweep(partition: number): Promise<readonly JournalEntry[]> {
    return this.#reads.sweep(partition);
  }

  history(address: Address, limit: number): Promise<readonly JournalEntry[]> {
    return this.#reads.history(address, limit);
  }

  deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#reads.deadLetters(limit);
  }

  async consume(partition: number, receive: (delivery: Delivery) => void): Promise<PartitionConsumer> {
    const consumer = await this.#keep(() => this.#mailboxes.open(partition, receive));
    return {
      stop: () => {
        this.#feeds.delete(consumer);
        return consumer.stop();
      },
    };
  }

  async watch(kinds: readonly string[], listener: (entry: JournalEntry) => void): Promise<() => void> {
    const { connection, near, manager, stream, subjects, identity } = this.#parts;
    const filters = kinds.map((kind) => subjects.journalsOfKind(kind));
    const open = async (from: number): Promise<StreamFeed> => {
      const { created } = identity;
      let feed: StreamFeed | undefined;
      const onMessage = (message: FeedMessage): void => {
        listener(this.#reads.entry(message));
        feed?.release();
      };
      const isSameStream = (): Promise<boolean> => identity.isStill(created, 0);
      const range = { stream, filters, from, window: WINDOW };
      feed = await this.#reads.answered(() =>
        StreamFeed.open(() => near.current, manager, { ...range, isSameStream, onMessage }),
      );
      return feed;
    };
    const from = (await this.#reads.lastSequence()) + 1;
    const watch = await JournalWatch.open(open, () => connection.isClosed(), from);
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      void watch.stop();
    };
  }

  onAlert(listener: (alert: Alert) => void): void {
    this.#alerts.add(listener);
  }

  /** The stream was removed and made again: what is known of it by number is worth nothing any more. */
  #startAnew(): void {
    const text = `stream ${this.#parts.stream} was removed and made again: all actors and messages before are lost`;
    this.#mailboxes.startAnew();
    for (const watch of this.#watches) watch.startAnew();
    this.#alert({ code: 'STORE_REPLACED', text });
  }

  #alert(alert: Alert): void {
    for (const listener of this.#alerts) listener(alert);
  }

  async deadLetter(message: unknown, reason: string): Promise<void> {
    const { data, subject } = deadLetter(message, reason, this.#parts.subjects, this.maxBodyBytes);
    await this.#group.write([{ subject, data }]);
  }

  isFull(address: Address): boolean | Promise<boolean> {
    return this.#limit.isFull(address);
  }

  async close(): Promise<void> {
    const closing = this.#mailboxes.close();
    await Promise.all([...this.#feeds, ...this.#watches].map((feed) => feed.stop()));
    await closing;
    await this.#parts.near.stop();
    await this.#parts.connection.close();
  }

  /** Of one message without its headers. */
  get maxBodyBytes(): number {
    return (this.#parts.connection.info?.max_payload ?? 1_048_576) - 4_096;
  }

  async #keep<T extends { stop(): Promise<void> }>(open: () => Promise<T>): Promise<T> {
    const opened = await this.#reads.answered(open);
    this.#feeds.add(opened);
    return opened;
  }
}
