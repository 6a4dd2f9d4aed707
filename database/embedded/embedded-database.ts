import { JetStreamApiError, type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { type CollectionName, type Database, DatabaseUnavailable, type Document, RevisionConflict } from '#ports';
import { isAtLeast, OLDEST_NATS } from '../../setup/nats-version.ts';
import { DatabaseRefused } from '../errors.ts';
import { openStream } from './open-stream.ts';
import { type StreamState, StreamView } from './stream-view.ts';
import { BEAT_PREFIX, beatSubject, documentPrefix, documentSubject, idOf } from './subjects.ts';

/** JetStream's "wrong last sequence"; the second one when the message it lost against is still on its way. */
const WRONG_LAST_SEQUENCE = new Set([10071, 10164]);
/** A refusal that nothing visible explains comes from a write that was on its way and failed: then it is tried again. */
const ATTEMPTS = 5;

/** `null` marks a removed document: its sequence is still needed to create the same id again. */
const storedSchema = z.union([
  z.object({ revision: z.number().int().positive(), body: z.record(z.string(), z.unknown()) }),
  z.null(),
]);

/**
 * The `Database` port in a JetStream stream: one subject a document, its last message is the document. A change names the
 * sequence it was computed from and the server refuses any other; reads are linearizable by a barrier (`StreamView`).
 */
export class EmbeddedDatabase implements Database {
  readonly description: string;
  readonly #connection: NatsConnection;
  readonly #stream: JetStreamClient;
  readonly #view: StreamView;
  readonly #timeoutMs: number;

  private constructor(connection: NatsConnection, description: string, timeoutMs: number) {
    this.#connection = connection;
    this.#stream = jetstream(connection, { timeout: timeoutMs });
    this.#view = new StreamView(connection, this.#stream, timeoutMs);
    this.#timeoutMs = timeoutMs;
    this.description = description;
  }

  /**
   * `servers` are nats:// URLs; with three or more of them the data is kept on three servers, else on one. `timeoutMs`
   * bounds every call. Throws `DatabaseUnavailable`, or `DatabaseRefused` for a server that is too old.
   */
  static async connect(servers: readonly string[], timeoutMs = 5_000): Promise<EmbeddedDatabase> {
    return mapErrors('connect to the embedded database', async () => {
      const connection = await connect({
        servers: [...servers],
        name: 'understudy database',
        timeout: timeoutMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 200,
      });
      try {
        const version = connection.info?.version ?? 'unknown';
        if (!isAtLeast(version, OLDEST_NATS)) {
          throw new DatabaseRefused(`nats-server is ${version}, need ${OLDEST_NATS} or newer`);
        }
        const manager = await jetstreamManager(connection, { timeout: timeoutMs });
        const replicas = await openStream(manager, servers.length >= 3 ? 3 : 1);
        const copies = replicas === 1 ? 'one copy' : `${replicas} copies`;
        return new EmbeddedDatabase(connection, `embedded (JetStream, ${copies})`, timeoutMs);
      } catch (error) {
        await connection.close();
        throw error;
      }
    });
  }

  get(collection: CollectionName, id: string): Promise<Document | undefined> {
    return mapErrors(`read ${collection}/${id}`, async () => {
      await this.#view.refresh();
      return this.#known(documentSubject(collection, id));
    });
  }

  list(collection: CollectionName): Promise<readonly Document[]> {
    return mapErrors(`list ${collection}`, async () => {
      await this.#view.refresh();
      return this.#view
        .entries(documentPrefix(collection))
        .flatMap(([subject, state]) => documentOf(subject, state) ?? [])
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  create(collection: CollectionName, id: string, body: Document['body']): Promise<Document> {
    return this.#change(`create ${collection}/${id}`, documentSubject(collection, id), undefined, {
      revision: 1,
      body,
    });
  }

  replace(collection: CollectionName, id: string, expectedRevision: number, body: Document['body']): Promise<Document> {
    const next = { revision: expectedRevision + 1, body };
    return this.#change(`replace ${collection}/${id}`, documentSubject(collection, id), expectedRevision, next);
  }

  async remove(collection: CollectionName, id: string, expectedRevision: number): Promise<void> {
    const subject = documentSubject(collection, id);
    await this.#change(`remove ${collection}/${id}`, subject, expectedRevision, null);
  }

  beat(node: string): Promise<ReadonlyMap<string, number>> {
    return mapErrors(`beat of ${node}`, async () => {
      const beats = new Map(await this.beats());
      const counter = (beats.get(node) ?? 0) + 1;
      await this.#stream.publish(beatSubject(node), String(counter), { timeout: this.#timeoutMs, retries: 0 });
      return beats.set(node, counter);
    });
  }

  beats(): Promise<ReadonlyMap<string, number>> {
    return mapErrors('read the beats', async () => {
      await this.#view.refresh();
      return new Map(this.#view.entries(BEAT_PREFIX).map(([subject, { text }]) => [idOf(subject), Number(text)]));
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #known(subject: string): Document | undefined {
    const state = this.#view.get(subject);
    return state === undefined ? undefined : documentOf(subject, state);
  }

  /** Writes `next` if the document is at `expected` (undefined: absent). The server's compare-and-set decides. */
  #change(
    what: string,
    subject: string,
    expected: number | undefined,
    next: z.infer<typeof storedSchema>,
  ): Promise<Document> {
    return mapErrors(what, async () => {
      const text = JSON.stringify(next);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // What this connection saw last is a guess that saves a read: only if it does not fit is the truth asked for.
        if (this.#known(subject)?.revision !== expected) await this.#view.refresh();
        const found = this.#known(subject)?.revision;
        if (found !== expected) {
          throw new RevisionConflict(`${what}: expected revision ${expected ?? 'none'}, found ${found ?? 'none'}`);
        }
        const base = this.#view.get(subject)?.sequence ?? 0;
        const sequence = await this.#publishIfLast(subject, text, base);
        if (sequence === undefined) {
          await this.#view.refresh();
          continue;
        }
        this.#view.apply(subject, { sequence, text });
        return { id: idOf(subject), revision: next?.revision ?? 0, body: next?.body ?? {} };
      }
      throw new DatabaseUnavailable(`${what}: refused ${ATTEMPTS} times although nobody else changed it`);
    });
  }

  /** The new sequence; undefined when `base` is not the subject's last one. */
  async #publishIfLast(subject: string, text: string, base: number): Promise<number | undefined> {
    const expect = { lastSubjectSequence: base };
    try {
      return (await this.#stream.publish(subject, text, { expect, timeout: this.#timeoutMs, retries: 0 })).seq;
    } catch (error) {
      if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code)) return undefined;
      throw error;
    }
  }
}

function documentOf(subject: string, state: StreamState): Document | undefined {
  const stored = storedSchema.parse(JSON.parse(state.text));
  return stored === null ? undefined : { id: idOf(subject), ...stored };
}

async function mapErrors<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RevisionConflict || error instanceof DatabaseRefused || error instanceof DatabaseUnavailable) {
      throw error;
    }
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new DatabaseUnavailable(`${what}: ${why}`, { cause: error });
  }
}
