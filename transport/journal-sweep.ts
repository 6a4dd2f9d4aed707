import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { readStored } from './read-stored.ts';
import type { FeedMessage } from './stream-feed.ts';
import type { Subjects } from './subjects.ts';

/** Partitions read by one consumer: enough to make consumers rare, few enough to hold their actors in memory at once. */
const AT_ONCE = 16;

export interface JournalSweepParts {
  readonly connection: () => NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subjects: Subjects;
  /** Silence after which a reading counts as broken off. */
  readonly silenceMs: number;
}

interface Asked {
  readonly partition: number;
  readonly resolve: (messages: readonly FeedMessage[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads the last entry of every journal of a partition. What is asked for in one turn is read together: a host that
 * starts or takes over asks for all its partitions, and making a consumer costs the servers more than what it reads.
 */
export class JournalSweep {
  readonly #parts: JournalSweepParts;
  #asked: Asked[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: JournalSweepParts) {
    this.#parts = parts;
  }

  /** Throws as `readStored`. */
  read(partition: number): Promise<readonly FeedMessage[]> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ partition, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => this.#begin());
    });
  }

  #begin(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let from = 0; from < asked.length; from += AT_ONCE) {
      const group = asked.slice(from, from + AT_ONCE);
      this.#reading = this.#reading.then(() => this.#readGroup(group));
    }
  }

  async #readGroup(group: readonly Asked[]): Promise<void> {
    const { connection, manager, stream, subjects, silenceMs } = this.#parts;
    const filters = [...new Set(group.map(({ partition }) => subjects.journalsOf(partition)))];
    const found = new Map<number, FeedMessage[]>();
    try {
      for (const message of await readStored(connection, manager, {
        stream,
        filters,
        from: 'last_per_subject',
        silenceMs,
      })) {
        const partition = subjects.partitionOf(message.subject);
        const messages = found.get(partition);
        if (messages === undefined) found.set(partition, [message]);
        else messages.push(message);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { partition, resolve } of group) resolve(found.get(partition) ?? []);
  }
}
