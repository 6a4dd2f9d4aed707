import { type CollectionName, type Database, type Document, RevisionConflict } from '#ports';

/**
 * The `Database` port held in memory: for unit tests and as the state behind the simulated database. Every call takes
 * effect at once, in call order, so reads are linearizable by construction. Bodies are copied in and out, as a real
 * server would. Lists come in the order of ids, so that runs repeat.
 */
export class MemoryDatabase implements Database {
  readonly description: string = 'memory (for tests: nothing survives this process)';
  readonly #documents = new Map<string, Document>();
  readonly #beats = new Map<string, number>();

  async get(collection: CollectionName, id: string): Promise<Document | undefined> {
    const found = this.#documents.get(keyOf(collection, id));
    return found === undefined ? undefined : structuredClone(found);
  }

  async list(collection: CollectionName): Promise<readonly Document[]> {
    const prefix = keyOf(collection, '');
    return [...this.#documents]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, document]) => structuredClone(document));
  }

  async create(collection: CollectionName, id: string, body: Document['body']): Promise<Document> {
    const key = keyOf(collection, id);
    if (this.#documents.has(key)) throw new RevisionConflict(`${key} exists already`);
    return this.#store(key, { id, revision: 1, body });
  }

  async replace(
    collection: CollectionName,
    id: string,
    expectedRevision: number,
    body: Document['body'],
  ): Promise<Document> {
    const key = keyOf(collection, id);
    this.#expect(key, expectedRevision);
    return this.#store(key, { id, revision: expectedRevision + 1, body });
  }

  async remove(collection: CollectionName, id: string, expectedRevision: number): Promise<void> {
    const key = keyOf(collection, id);
    this.#expect(key, expectedRevision);
    this.#documents.delete(key);
  }

  async beat(node: string, counter: number): Promise<void> {
    this.#beats.set(node, counter);
  }

  async beats(): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.#beats].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async close(): Promise<void> {}

  #expect(key: string, revision: number): void {
    const actual = this.#documents.get(key)?.revision;
    if (actual === revision) return;
    throw new RevisionConflict(`${key}: expected revision ${revision}, found ${actual ?? 'no document'}`);
  }

  #store(key: string, document: Document): Document {
    this.#documents.set(key, structuredClone(document));
    return structuredClone(document);
  }
}

function keyOf(collection: CollectionName, id: string): string {
  return `${collection}/${id}`;
}
