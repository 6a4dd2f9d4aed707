import { type Collection, type Db, MongoClient } from 'mongodb';
import { z } from 'zod';
import { type CollectionName, type Database, type Document, RevisionConflict } from '#ports';
import { mapMongoErrors } from './mongo-errors.ts';
import { redactConnection } from './redact-connection.ts';

interface StoredDocument {
  readonly _id: string;
  readonly revision: number;
  readonly body: Document['body'];
}

interface StoredBeat {
  readonly _id: string;
  readonly counter: number;
}

const storedSchema = z.object({
  _id: z.string(),
  revision: z.number().int().positive(),
  body: z.record(z.string(), z.unknown()),
});
const beatSchema = z.object({ _id: z.string(), counter: z.number() });

/** Above every list the product keeps: a linearizable answer must come in one batch to be one moment. */
const WHOLE_LIST = 100_000;
/** How long the server waits for a majority before it says that it has none. */
const WRITE_CONCERN_MS = 4_000;

/**
 * The `Database` port on MongoDB or a server that speaks its protocol. Writes wait until a majority has them in its
 * journal; reads are linearizable, so a primary that was deposed without noticing cannot answer. The driver's own retry
 * of writes is off: a write that was retried behind our back could report a conflict with itself.
 */
export class MongoDatabase implements Database {
  readonly description: string;
  readonly #client: MongoClient;
  readonly #db: Db;

  private constructor(client: MongoClient, db: Db, description: string) {
    this.#client = client;
    this.#db = db;
    this.description = description;
  }

  /**
   * `timeoutMs` bounds each step of a call: finding the primary, getting a connection, the answer. The database is the one in the connection string, else
   * `understudy`. Throws `DatabaseUnavailable` when no primary answers in time, `DatabaseRefused` for a wrong password
   * or a malformed connection string.
   */
  static async connect(connection: string, timeoutMs = 5_000): Promise<MongoDatabase> {
    const description = redactConnection(connection);
    return mapMongoErrors(`connect to ${description}`, async () => {
      const client = new MongoClient(connection, {
        appName: 'understudy',
        retryWrites: false,
        serverSelectionTimeoutMS: timeoutMs,
        connectTimeoutMS: timeoutMs,
        waitQueueTimeoutMS: timeoutMs,
        socketTimeoutMS: timeoutMs,
        readPreference: 'primary',
        ignoreUndefined: true,
      });
      try {
        await client.connect();
        const inUrl = client.options.dbName;
        return new MongoDatabase(client, client.db(inUrl === 'test' ? 'understudy' : inUrl), description);
      } catch (error) {
        await client.close();
        throw error;
      }
    });
  }

  get(collection: CollectionName, id: string): Promise<Document | undefined> {
    return mapMongoErrors(`read ${collection}/${id}`, async () => {
      const found = await this.#documents(collection).findOne({ _id: id });
      return found === null ? undefined : documentOf(found);
    });
  }

  list(collection: CollectionName): Promise<readonly Document[]> {
    return mapMongoErrors(`list ${collection}`, async () => {
      const found = await this.#documents(collection).find({}, { batchSize: WHOLE_LIST }).toArray();
      return found.map(documentOf).sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  create(collection: CollectionName, id: string, body: Document['body']): Promise<Document> {
    return mapMongoErrors(`create ${collection}/${id}`, async () => {
      await this.#documents(collection).insertOne({ _id: id, revision: 1, body });
      return { id, revision: 1, body };
    });
  }

  replace(collection: CollectionName, id: string, expectedRevision: number, body: Document['body']): Promise<Document> {
    return mapMongoErrors(`replace ${collection}/${id}`, async () => {
      const revision = expectedRevision + 1;
      // A literal: otherwise keys of the body that begin with "$" would be taken for expressions.
      const update = [{ $set: { revision, body: { $literal: body } } }];
      const result = await this.#documents(collection).updateOne({ _id: id, revision: expectedRevision }, update);
      if (result.matchedCount === 1) return { id, revision, body };
      throw new RevisionConflict(`${collection}/${id} is not at revision ${expectedRevision} any more`);
    });
  }

  remove(collection: CollectionName, id: string, expectedRevision: number): Promise<void> {
    return mapMongoErrors(`remove ${collection}/${id}`, async () => {
      const result = await this.#documents(collection).deleteOne({ _id: id, revision: expectedRevision });
      if (result.deletedCount === 1) return;
      throw new RevisionConflict(`${collection}/${id} is not at revision ${expectedRevision} any more`);
    });
  }

  beat(node: string): Promise<ReadonlyMap<string, number>> {
    return mapMongoErrors(`beat of ${node}`, async () => {
      await this.#beats().updateOne({ _id: node }, { $inc: { counter: 1 } }, { upsert: true });
      return await this.beats();
    });
  }

  beats(): Promise<ReadonlyMap<string, number>> {
    return mapMongoErrors('read the beats', async () => {
      const found = await this.#beats().find({}, { batchSize: WHOLE_LIST }).toArray();
      return new Map(found.map((beat) => beatSchema.parse(beat)).map(({ _id, counter }) => [_id, counter]));
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #documents(collection: CollectionName): Collection<StoredDocument> {
    return this.#db.collection<StoredDocument>(collection, {
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: WRITE_CONCERN_MS },
      readConcern: { level: 'linearizable' },
    });
  }

  /** A majority must have a beat before it counts (else a cut-off primary looks alive to itself), but a crash may lose it. */
  #beats(): Collection<StoredBeat> {
    return this.#db.collection<StoredBeat>('beats', {
      writeConcern: { w: 'majority', wtimeoutMS: WRITE_CONCERN_MS },
      readConcern: { level: 'local' },
    });
  }
}

function documentOf(found: unknown): Document {
  const { _id, revision, body } = storedSchema.parse(found);
  return { id: _id, revision, body };
}
