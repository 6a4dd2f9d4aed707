import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Address, Alert, Bus, Delivery, PartitionConsumer } from '#actors';
import { MailboxConsumer } from './mailbox-consumer.ts';
import { MailboxFeed } from './mailbox-feed.ts';
import { MailboxSweeper } from './mailbox-sweeper.ts';
import { MessageDeleter } from './message-deleter.ts';
import { PackSweeper } from './pack-sweeper.ts';
import type { StreamIdentity } from './stream-identity.ts';
import type { Subjects } from './subjects.ts';

export interface MailboxParts {
  readonly connection: () => NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subjects: Subjects;
  readonly bus: Bus;
  readonly identity: StreamIdentity;
  readonly isStored: (sequence: number) => Promise<boolean>;
  readonly refuse: (message: unknown, reason: string) => Promise<void>;
  readonly alert: (alert: Alert) => void;
}

/** So many actors whose messages wait are named. */
const NAMED = 10;
const PAUSE_MS = 200;

/** What all partitions of this host share, for one and the same stream. */
interface Shared {
  readonly feed: MailboxFeed;
  readonly deleter: MessageDeleter;
  readonly sweeper: MailboxSweeper;
  readonly packs: PackSweeper;
  readonly isSameStream: () => Promise<boolean>;
  /** Which stream of its name. */
  readonly store: string;
}

interface Place {
  readonly partition: number;
  readonly receive: (delivery: Delivery) => void;
  consumer: MailboxConsumer | undefined;
}

/** The receiving side of all partitions of this host. */
export class Mailboxes {
  readonly #parts: MailboxParts;
  readonly #places = new Set<Place>();
  #shared: Shared;
  #closed = false;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
    this.#shared = this.#share();
  }

  #share(): Shared {
    const { connection, manager, stream, subjects, bus, identity } = this.#parts;
    const { created } = identity;
    const isStill = (maxAgeMs: number): Promise<boolean> => identity.isStill(created, maxAgeMs);
    const deleter = new MessageDeleter(manager, stream, isStill, (reason) => this.#stuck(reason));
    const sweeper = new MailboxSweeper({
      bus,
      partitions: subjects.partitions,
      identity: created,
      purge: (below, removed) => deleter.purge(subjects.singles, below, removed),
      doneBelow: (partition, from, head) => this.#doneBelow(partition, from, head),
      settled: (silenceMs) => deleter.settled(silenceMs),
    });
    const isSameStream = (): Promise<boolean> => identity.isStill(created, 0);
    const packs = new PackSweeper({
      bus,
      partitions: subjects.partitions,
      identity: created,
      purge: (below, removed) => deleter.purge(subjects.packs, below, removed),
      remove: (sequence, removed) => deleter.delete(sequence, removed),
      nowMs: () => performance.now(),
    });
    const onPack = (sequence: number): void => packs.seen(sequence);
    const feed = new MailboxFeed(connection, manager, stream, subjects, isSameStream, onPack);
    return { feed, deleter, sweeper, packs, isSameStream, store: created };
  }

  /** An actor is handed no more than it can tell apart: while nothing is removed, what comes after that waits. */
  #stuck(reason: string): void {
    const { alert, stream } = this.#parts;
    const what = `what was taken cannot be removed from stream ${stream} (${reason})`;
    const held = [...this.#places].flatMap(({ consumer }) => consumer?.held() ?? []);
    if (held.length === 0) alert({ code: 'REMOVAL_FAILS', text: `${what}: mailboxes will fill up` });
    for (const address of held.slice(0, NAMED)) {
      alert({ code: 'REMOVAL_FAILS', address, text: `${what}: ${address} gets no more messages until it can` });
    }
  }

  /** Throws the client library's errors. */
  async open(partition: number, receive: (delivery: Delivery) => void): Promise<PartitionConsumer> {
    const place: Place = { partition, receive, consumer: undefined };
    this.#places.add(place);
    try {
      await this.#fill(place);
    } catch (error) {
      this.#places.delete(place);
      throw error;
    }
    return {
      stop: async () => {
        this.#places.delete(place);
        await place.consumer?.stop();
      },
    };
  }

  async #fill(place: Place): Promise<void> {
    const shared = this.#shared;
    const { connection, manager, stream, subjects, isStored, refuse } = this.#parts;
    const { partition, receive } = place;
    const filter = subjects.mailboxesOf(partition);
    const mailboxOf = (to: Address): string => subjects.mailboxOf(to);
    const own = { stream, partition, filter, mailboxOf, receive, isStored, refuse };
    const consumer = await MailboxConsumer.open(connection, manager, { ...own, ...shared });
    if (shared === this.#shared && this.#places.has(place)) place.consumer = consumer;
    else await consumer.stop();
  }

  /** Whether a message to the partition may be stored together with those to others. */
  mayPack(partition: number): boolean {
    return this.#shared.packs.mayPack(partition);
  }

  /**
   * The stream is another one than before: forgets all that is known by number, removes nothing by it, and reads every
   * partition from the first message on.
   */
  startAnew(): void {
    const { feed, deleter, sweeper, packs } = this.#shared;
    sweeper.stop();
    packs.stop();
    deleter.close();
    this.#shared = this.#share();
    for (const place of this.#places) {
      void place.consumer?.stop();
      place.consumer = undefined;
      void this.#fillAgain(place);
    }
    void feed.stop();
  }

  async #fillAgain(place: Place): Promise<void> {
    const shared = this.#shared;
    const isWanted = (): boolean => !this.#closed && shared === this.#shared && this.#places.has(place);
    while (isWanted() && place.consumer === undefined) {
      try {
        await this.#fill(place);
      } catch {
        // No leader or not connected: ask again until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { feed, deleter, sweeper, packs } = this.#shared;
    sweeper.stop();
    packs.stop();
    deleter.close();
    await feed.stop();
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
