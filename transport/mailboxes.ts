import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bus, Delivery } from '#actors';
import { MailboxConsumer } from './mailbox-consumer.ts';
import { MailboxFeed } from './mailbox-feed.ts';
import { MailboxSweeper } from './mailbox-sweeper.ts';
import { MessageDeleter } from './message-deleter.ts';
import type { Subjects } from './subjects.ts';

export interface MailboxParts {
  readonly connection: () => NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subjects: Subjects;
  readonly bus: Bus;
  readonly isStored: (sequence: number) => Promise<boolean>;
  readonly refuse: (message: unknown, reason: string) => Promise<void>;
}

/** The receiving side of all partitions of this host: what they share. */
export class Mailboxes {
  readonly #parts: MailboxParts;
  readonly #feed: MailboxFeed;
  readonly #deleter: MessageDeleter;
  readonly #sweeper: MailboxSweeper;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
    const { connection, manager, stream, subjects, bus } = parts;
    this.#feed = new MailboxFeed(connection, manager, stream, subjects);
    this.#deleter = new MessageDeleter(manager, stream);
    this.#sweeper = new MailboxSweeper({
      bus,
      partitions: subjects.partitions,
      purge: (below, removed) => this.#deleter.purge(subjects.mailboxes, below, removed),
      doneBelow: (partition, from, head) => this.#doneBelow(partition, from, head),
      settled: (silenceMs) => this.#deleter.settled(silenceMs),
    });
  }

  /** Throws the client library's errors. */
  open(partition: number, receive: (delivery: Delivery) => void): Promise<MailboxConsumer> {
    const { connection, manager, stream, subjects, isStored, refuse } = this.#parts;
    return MailboxConsumer.open(connection, manager, {
      stream,
      partition,
      filter: subjects.mailboxesOf(partition),
      mailboxOf: (to) => subjects.mailboxOf(to),
      feed: this.#feed,
      deleter: this.#deleter,
      sweeper: this.#sweeper,
      receive,
      isStored,
      refuse,
    });
  }

  async close(): Promise<void> {
    this.#sweeper.stop();
    this.#deleter.close();
    await this.#feed.stop();
  }

  /**
   * One answer must prove both that nothing is stored and that the server had seen everything below `head`: another one
   * might come from a server that lags or no longer leads.
   */
  async #doneBelow(partition: number, from: number, head: number): Promise<number> {
    const { manager, stream, subjects } = this.#parts;
    const filter = subjects.mailboxesOf(partition);
    const { state } = await manager.streams.info(stream, { subjects_filter: filter });
    const isEmpty = Object.keys(state.subjects ?? {}).length === 0;
    return isEmpty && state.last_seq >= head - 1 ? head : from;
  }
}
