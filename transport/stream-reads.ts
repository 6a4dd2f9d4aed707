import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Address, DeadLetter, JournalEntry } from '#actors';
import { readDeadLetter } from './dead-letter.ts';
import { JournalSweep } from './journal-sweep.ts';
import type { LeaderConnection } from './leader-connection.ts';
import { COMMIT_ID } from './raw-publish.ts';
import { readLast, readStored } from './read-stored.ts';
import type { FeedMessage } from './stream-feed.ts';
import type { Subjects } from './subjects.ts';
import { untilAnswered } from './until-answered.ts';

export interface StreamReadsOptions {
  readonly connection: NatsConnection;
  /** For reading the stream. */
  readonly near: LeaderConnection;
  readonly manager: JetStreamManager;
  readonly subjects: Subjects;
  readonly stream: string;
  /** Servers that say nothing for twice as long are asked again. */
  readonly timeoutMs: number;
  /** How long a read is tried again while nobody answers it. */
  readonly readTimeoutMs: number;
}

const decoder = new TextDecoder();

/** Everything that is asked of the stream once: each is asked again while no leader answers. */
export class StreamReads {
  readonly #options: StreamReadsOptions;
  readonly #journals: JournalSweep;

  constructor(options: StreamReadsOptions) {
    this.#options = options;
    const { near, manager, stream, subjects, timeoutMs } = options;
    const connection = (): NatsConnection => near.current;
    this.#journals = new JournalSweep({ connection, manager, stream, subjects, silenceMs: timeoutMs * 2 });
  }

  async latest(address: Address): Promise<JournalEntry | undefined> {
    const { manager, stream, subjects } = this.#options;
    const stored = await this.answered(() =>
      manager.streams.getMessage(stream, { last_by_subj: subjects.journal(address) }),
    );
    if (stored === null) return undefined;
    const commitId = stored.header.get(COMMIT_ID);
    return { address, sequence: stored.seq, commitId, body: stored.string() };
  }

  async sweep(partition: number): Promise<readonly JournalEntry[]> {
    const entries = new Map<Address, JournalEntry>();
    for (const message of await this.answered(() => this.#journals.read(partition))) {
      const entry = this.entry(message);
      entries.set(entry.address, entry);
    }
    return [...entries.values()];
  }

  async history(address: Address, limit: number): Promise<readonly JournalEntry[]> {
    const { near, manager, stream, subjects, timeoutMs } = this.#options;
    const range = { stream, filters: [subjects.journal(address)], from: 1, silenceMs: timeoutMs * 2 };
    const messages = await this.answered(() => readStored(() => near.current, manager, range));
    return messages.slice(-limit).map((message) => this.entry(message));
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const { near, manager, stream, subjects, timeoutMs } = this.#options;
    const range = { stream, filter: subjects.deadLetters, limit, silenceMs: timeoutMs * 2 };
    const stored = await this.answered(() => readLast(() => near.current, manager, range));
    return stored.map(({ data }) => readDeadLetter(data));
  }

  async isStored(sequence: number): Promise<boolean> {
    const { manager, stream } = this.#options;
    const seq = Math.floor(sequence);
    return (await this.answered(() => manager.streams.getMessage(stream, { seq }))) !== null;
  }

  /** How many messages wait in the mailbox of that actor. */
  async depth(address: Address): Promise<number> {
    const { manager, stream, subjects } = this.#options;
    const options = { subjects_filter: subjects.mailboxOf(address) };
    const info = await this.answered(() => manager.streams.info(stream, options));
    return Object.keys(info.state.subjects ?? {}).length;
  }

  async lastSequence(): Promise<number> {
    const { manager, stream } = this.#options;
    return (await this.answered(() => manager.streams.info(stream))).state.last_seq;
  }

  entry(message: FeedMessage): JournalEntry {
    return {
      address: this.#options.subjects.addressOf(message.subject),
      sequence: message.sequence,
      commitId: message.header(COMMIT_ID),
      body: decoder.decode(message.data),
    };
  }

  /** Asks until somebody answers. */
  answered<Result>(read: () => Promise<Result>): Promise<Result> {
    const { connection, readTimeoutMs } = this.#options;
    return untilAnswered(readTimeoutMs, () => connection.isClosed(), read);
  }
}
