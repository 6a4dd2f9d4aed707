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
  PayloadTooLarge,
  partitionOf,
  type ScheduledMessage,
  StaleCommit,
  type StepCommit,
  TooManyMessages,
  type Transport,
  TransportUnavailable,
} from '#actors';
import { deadLetter, readDeadLetter } from './dead-letter.ts';
import { WriteRefused } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { JournalSweep } from './journal-sweep.ts';
import { JournalWatch } from './journal-watch.ts';
import type { LeaderConnection } from './leader-connection.ts';
import { MailboxLimit } from './mailbox-limit.ts';
import { Mailboxes } from './mailboxes.ts';
import { isExternal } from './message-key.ts';
import { NatsBus } from './nats-bus.ts';
import type { Letter } from './pack.ts';
import { COMMIT_ID, type StreamWrite } from './raw-publish.ts';
import { readLast, readStored } from './read-stored.ts';
import type { ServerTime } from './server-time.ts';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';
import type { StreamIdentity } from './stream-identity.ts';
import type { Subjects } from './subjects.ts';
import { untilAnswered } from './until-answered.ts';

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

/** What the servers take in one atomic batch. */
const MOST_WRITES = 1_000;
/** More takes slow servers longer than a write may take, and holds up all others meanwhile. */
const MOST_BYTES = 4_000_000;
/** The servers read dates of four-digit years only. */
const LAST_DATE_MS = Date.UTC(9_999, 11);
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
  readonly #group: GroupCommit;
  readonly #mailboxes: Mailboxes;
  readonly #journals: JournalSweep;
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
    const { atomic, timeoutMs } = parts;
    const { manager, stream, subjects } = parts;
    this.#group = new GroupCommit(() => parts.near.current, {
      ...{ atomic, timeoutMs, inFlight: 6, batchMessages: 150 },
      mayPack: (partition) => this.#mailboxes.mayPack(partition),
      packSubject: () => subjects.pack(nuid.next()),
      maxBodyBytes: () => this.maxBodyBytes,
    });
    const connection = (): NatsConnection => parts.near.current;
    this.#journals = new JournalSweep({ connection, manager, stream, subjects, silenceMs: timeoutMs * 2 });
    this.#mailboxes = new Mailboxes({
      connection,
      manager,
      stream,
      subjects,
      bus: this.bus,
      identity: parts.identity,
      isStored: (sequence) => this.#isStored(sequence),
      refuse: (message, reason) => this.deadLetter(message, reason),
      alert: (alert) => this.#alert(alert),
    });
    parts.identity.onReplaced(() => this.#startAnew());
    this.#limit = new MailboxLimit(parts.mailboxLimit, (address) => this.#depth(address));
  }

  async deliver(message: MailboxMessage): Promise<void> {
    const write = this.#mailboxWrite(message);
    const store = (): Promise<number> => this.#group.write([write]);
    await (isExternal(message) && message.urgent !== true ? this.#limit.admit(message.to, store) : store());
  }

  async commit(step: StepCommit): Promise<number> {
    const journal: StreamWrite = {
      subject: this.#parts.subjects.journal(step.address),
      data: this.#encode(step.body, `the snapshot of ${step.address}`),
      expected: step.expectedSequence,
      commitId: step.commitId,
    };
    // Made in any case: one that could not be sent later must fail the step now.
    const outgoing = this.#letters(step);
    const scheduled = (step.scheduled ?? []).flatMap((each) => this.#scheduleWrite(each) ?? []);
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

  /** Throws `TooManyMessages` before all of them are encoded: that alone would hold up the host. */
  #letters({ address, outgoing }: StepCommit): readonly Letter[] {
    let bytes = 0;
    return outgoing.map((message, index) => {
      const letter = this.#letter(message);
      bytes += letter.data.length;
      if (bytes <= MOST_BYTES) return letter;
      throw new TooManyMessages(
        `${index + 1} of ${outgoing.length} messages of a step of ${address} have ${bytes} bytes, the servers take ${MOST_BYTES} at once: send them in several steps`,
      );
    });
  }

  #scheduleWrite({ name, delayMs, message }: ScheduledMessage): StreamWrite | undefined {
    const atMs = this.#parts.serverTime.after(delayMs);
    // Later than that this host's own timer has to do; what is no time at all fails the step when it is written.
    if (atMs === undefined || (Number.isFinite(atMs) && atMs > LAST_DATE_MS)) return undefined;
    const { subject: target, data } = this.#mailboxWrite(message);
    return { subject: this.#parts.subjects.schedule(message.to, name), data, schedule: { atMs, target } };
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

  async latest(address: Address): Promise<JournalEntry | undefined> {
    const { manager, stream, subjects } = this.#parts;
    const stored = await this.#answered(() =>
      manager.streams.getMessage(stream, { last_by_subj: subjects.journal(address) }),
    );
    if (stored === null) return undefined;
    const commitId = stored.header.get(COMMIT_ID);
    return { address, sequence: stored.seq, commitId, body: stored.string() };
  }

  async sweep(partition: number): Promise<readonly JournalEntry[]> {
    const entries = new Map<Address, JournalEntry>();
    for (const message of await this.#answered(() => this.#journals.read(partition))) {
      const entry = this.#entry(message);
      entries.set(entry.address, entry);
    }
    return [...entries.values()];
  }

  async history(address: Address, limit: number): Promise<readonly JournalEntry[]> {
    const messages = await this.#read(this.#parts.subjects.journal(address));
    return messages.slice(-limit).map((message) => this.#entry(message));
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
        listener(this.#entry(message));
        feed?.release();
      };
      const isSameStream = (): Promise<boolean> => identity.isStill(created, 0);
      const range = { stream, filters, from, window: WINDOW };
      feed = await this.#answered(() =>
        StreamFeed.open(() => near.current, manager, { ...range, isSameStream, onMessage }),
      );
      return feed;
    };
    const info = await this.#answered(() => manager.streams.info(stream));
    const watch = await JournalWatch.open(open, () => connection.isClosed(), info.state.last_seq + 1);
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

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const { near, manager, stream, subjects, timeoutMs } = this.#parts;
    const range = { stream, filter: subjects.deadLetters, limit, silenceMs: timeoutMs * 2 };
    const stored = await this.#answered(() => readLast(() => near.current, manager, range));
    return stored.map(({ data }) => readDeadLetter(data));
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

  #mailboxWrite(message: MailboxMessage): StreamWrite {
    const { subject, data } = this.#letter(message);
    return { subject, data };
  }

  #letter(message: MailboxMessage): Letter {
    const data = this.#encode(JSON.stringify(message), `a message to ${message.to}`);
    const partition = partitionOf(message.to, this.partitions);
    return { partition, data, subject: this.#parts.subjects.mailbox(message) };
  }

  #encode(text: string, what: string): Uint8Array {
    // Three times as fast as a TextEncoder, and every step is encoded.
    const data = Buffer.from(text);
    const limit = this.maxBodyBytes;
    if (data.length > limit) throw new PayloadTooLarge(`${what} has ${data.length} bytes, the servers take ${limit}`);
    return data;
  }

  /** Of one message without its headers. */
  get maxBodyBytes(): number {
    return (this.#parts.connection.info?.max_payload ?? 1_048_576) - 4_096;
  }

  #entry(message: FeedMessage): JournalEntry {
    return {
      address: this.#parts.subjects.addressOf(message.subject),
      sequence: message.sequence,
      commitId: message.header(COMMIT_ID),
      body: new TextDecoder().decode(message.data),
    };
  }

  async #isStored(sequence: number): Promise<boolean> {
    const { manager, stream } = this.#parts;
    const seq = Math.floor(sequence);
    return (await this.#answered(() => manager.streams.getMessage(stream, { seq }))) !== null;
  }

  async #depth(address: Address): Promise<number> {
    const { manager, stream, subjects } = this.#parts;
    const options = { subjects_filter: subjects.mailboxOf(address) };
    const info = await this.#answered(() => manager.streams.info(stream, options));
    return Object.keys(info.state.subjects ?? {}).length;
  }

  async #keep<T extends { stop(): Promise<void> }>(open: () => Promise<T>): Promise<T> {
    const opened = await this.#answered(open);
    this.#feeds.add(opened);
    return opened;
  }

  #read(filter: string): Promise<readonly FeedMessage[]> {
    const { near, manager, stream, timeoutMs } = this.#parts;
    const range = { stream, filters: [filter], from: 1, silenceMs: timeoutMs * 2 };
    return this.#answered(() => readStored(() => near.current, manager, range));
  }

  #answered<Result>(read: () => Promise<Result>): Promise<Result> {
    const { connection, readTimeoutMs } = this.#parts;
    return untilAnswered(readTimeoutMs, () => connection.isClosed(), read);
  }
}

/** Throws `TooManyMessages`: the servers would refuse it for ever. */
function fitting(
  { address }: StepCommit,
  writes: readonly StreamWrite[],
  letters: readonly Letter[],
): [readonly StreamWrite[], readonly Letter[]] {
  const count = writes.length + letters.length;
  if (count <= MOST_WRITES) return [writes, letters];
  throw new TooManyMessages(
    `a step of ${address} has ${count} messages and scheduled timers, the servers take ${MOST_WRITES} at once: send them in several steps`,
  );
}
