import { expect, it } from 'vitest';
import { DatabaseUnavailable } from '#ports';
import { LateDatabase } from './late-database.ts';
import { MemoryDatabase } from './memory-database.ts';

it('is unavailable, without waiting, until the database is there', async () => {
  const opening = Promise.withResolvers<MemoryDatabase>();
  const late = new LateDatabase(opening.promise);
  await expect(late.get('vms', 'a')).rejects.toThrow(DatabaseUnavailable);
  await expect(late.beat('n1')).rejects.toThrow(DatabaseUnavailable);
  const database = new MemoryDatabase();
  opening.resolve(database);
  await opening.promise;
  await late.create('vms', 'a', { n: 1 });
  await late.beat('n1');
  expect((await database.get('vms', 'a'))?.body).toEqual({ n: 1 });
  expect([...(await late.beats())]).toEqual([['n1', 1]]);
  expect(late.description).toBe(database.description);
});
