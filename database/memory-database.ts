import { shared } from '#actors';
import { type CollectionName, type Database, type Document, RevisionConflict } from '#ports';

/**
 * The `Database` port held in memory: for unit tests and as the state behind the simulated database. Every call takes
 * effect at once, in call order, so reads are linearizable by construction. Bodies are copied in and frozen: all readers of
 * one revision are given the same object. Lists come in the order of ids, so that runs repeat.
 */
export class MemoryDatabase implements Database {
  readonly description: string = 'memory (for tests: nothing survives this process)';
  readonly #documents = new Map<string, Document>();
  /** Lists that were asked for and are still true. */
  readonly #lists = new Map<CollectionName, readonly Document[]>();
  readonly #beats = new Map<string, number>();

  async get(collection: CollectionName, id: string): Promise<Document | undefined> {
    return this.#documents.get(keyOf(collection, id));
  }

  async list(collection: CollectionName): Promise<readonly Document[]> {
    const known = this.#lists.get(collection);
    if (known !== undefined) return known;
    const prefix = keyOf(collection, '');
    const documents = [...this.#documents]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, document]) => document);
    this.#lists.set(collection, documents);
    return documents;
  }

  async create(collection: CollectionName, id: string, body: Document['body']): Promise<Document> {
    const key = keyOf(collection, id);
    if (this.#documents.has(key)) throw new RevisionConflict(`${key} exists already`);
    return this.#store(collection, { id, revision: 1, body });
  }

  async replace(
    collection: CollectionName,
    id: string,
    expectedRevision: number,
    body: Document['body'],
  ): Promise<Document> {
    const key = keyOf(collection, id);
    this.#expect(key, expectedRevision);
    return this.#store(collection, { id, revision: expectedRevision + 1, body });
  }

  async remove(collection: CollectionName, id: string, expectedRevision: number): Promise<void> {
    const key = keyOf(collection, id);
    this.#expect(key, expectedRevision);
    this.#documents.delete(key);
    this.#lists.delete(collection);
  }

  async beat(node: string): Promise<ReadonlyMap<string, number>> {
    const known = this.#beats.get(node);
    this.#beats.set(node, (known ?? 0) + 1);
    if (known === undefined) this.#sortBeats();
    return this.beats();
  }

  async beats(): Promise<ReadonlyMap<string, number>> {
    return new Map(this.#beats);
  }

  async close(): Promise<void> {}

  #sortBeats(): void {
    const sorted = [...this.#beats].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#beats.clear();
    for (const [node, counter] of sorted) this.#beats.set(node, counter);
  }

  #expect(key: string, revision: number): void {
    const actual = this.#documents.get(key)?.revision;
    if (actual === revision) return;
    throw new RevisionConflict(`${key}: expected revision ${revision}, found ${actual ?? 'no document'}`);
  }

  #store(collection: CollectionName, document: Document): Document {
    const { body, ...rest } = structuredClone(document);
    const stored = Object.freeze({ ...rest, body: shared(frozenFields(body)) });
    this.#documents.set(keyOf(collection, document.id), stored);
    this.#lists.delete(collection);
    return stored;
  }
}

function keyOf(collection: CollectionName, id: string): string {
  return `${collection}/${id}`;
}

/** Freezes everything in it, not the value itself. */
function frozenFields<Value extends object>(value: Value): Value {
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) Object.freeze(frozenFields(part));
  return value;
}
