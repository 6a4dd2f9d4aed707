import { type CollectionName, type Database, DatabaseUnavailable, type Document } from '#ports';

/** A database that is still being connected to: until then every call throws `DatabaseUnavailable`, and none waits. */
export class LateDatabase implements Database {
  readonly #closing: Promise<Database>;
  #database: Database | undefined;

  /** `opening` should insist until it succeeds; a rejection leaves this unavailable for good. */
  constructor(opening: Promise<Database>) {
    this.#closing = opening;
    opening.then(
      (database) => {
        this.#database = database;
      },
      () => undefined,
    );
  }

  get description(): string {
    return this.#database?.description ?? 'not connected yet';
  }

  async get(collection: CollectionName, id: string): Promise<Document | undefined> {
    return await this.#ready().get(collection, id);
  }

  async list(collection: CollectionName): Promise<readonly Document[]> {
    return await this.#ready().list(collection);
  }

  async create(collection: CollectionName, id: string, body: Document['body']): Promise<Document> {
    return await this.#ready().create(collection, id, body);
  }

  async replace(collection: CollectionName, id: string, revision: number, body: Document['body']): Promise<Document> {
    return await this.#ready().replace(collection, id, revision, body);
  }

  async remove(collection: CollectionName, id: string, revision: number): Promise<void> {
    await this.#ready().remove(collection, id, revision);
  }

  async beat(node: string): Promise<ReadonlyMap<string, number>> {
    return await this.#ready().beat(node);
  }

  async beats(): Promise<ReadonlyMap<string, number>> {
    return await this.#ready().beats();
  }

  async close(): Promise<void> {
    await this.#closing.then(
      (database) => database.close(),
      () => undefined,
    );
  }

  #ready(): Database {
    if (this.#database === undefined) throw new DatabaseUnavailable('the database has not answered since this started');
    return this.#database;
  }
}
