import { expect, test } from 'vitest';
import { type CollectionName, DatabaseUnavailable, type Document } from '#ports';
import { StoreNotAtomic } from './errors.ts';
import { MemoryDatabase } from './memory-database.ts';
import { probeCompareAndSet } from './probe-compare-and-set.ts';

/** Reads, then writes, as some real servers do: between the two another writer may do the same. */
class ReadThenWriteDatabase extends MemoryDatabase {
  override readonly description = 'a store that reads, then writes';

  override async replace(collection: CollectionName, id: string, expected: number, body: Document['body']) {
    const before = await this.get(collection, id);
    if (before?.revision !== expected) return super.replace(collection, id, expected, body);
    for (let revision = expected; ; revision++) {
      // The write looks at nothing any more: whatever revision is there now is overwritten.
      const written = await super.replace(collection, id, revision, body).catch(() => undefined);
      if (written !== undefined) return { ...written, revision: expected + 1 };
    }
  }
}

/** Lets one writer win, but answers reads from a copy that is one change behind. */
class StaleReadDatabase extends MemoryDatabase {
  #previous: Document | undefined;

  override async replace(collection: CollectionName, id: string, expected: number, body: Document['body']) {
    const before = await super.get(collection, id);
    const written = await super.replace(collection, id, expected, body);
    this.#previous = before;
    return written;
  }

  override async get(collection: CollectionName, id: string) {
    return this.#previous ?? super.get(collection, id);
  }
}

test('an atomic store passes and keeps nothing of the probe', async () => {
  const database = new MemoryDatabase();
  await probeCompareAndSet(database);
  expect(await database.list('settings')).toEqual([]);
});

test('a store that reads, then writes is refused with the evidence', async () => {
  const refused = probeCompareAndSet(new ReadThenWriteDatabase());
  await expect(refused).rejects.toThrow(StoreNotAtomic);
  await expect(refused).rejects.toThrow(
    /reads, then writes is refused: .* Race 1 of 20: 8 writers won: round 1, writer 1;/,
  );
  await expect(refused).rejects.toMatchObject({ code: 'STORE_NOT_ATOMIC', retryable: false });
});

test('a store with stale reads is refused', async () => {
  await expect(probeCompareAndSet(new StaleReadDatabase())).rejects.toThrow(/a read gave "probe"/);
});

test('a store that does not answer is unavailable, not refused', async () => {
  const database = new MemoryDatabase();
  database.replace = () => Promise.reject(new DatabaseUnavailable('down'));
  await expect(probeCompareAndSet(database)).rejects.toThrow(DatabaseUnavailable);
});
