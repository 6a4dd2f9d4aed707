import { databaseContract } from './database-contract.ts';
import { MemoryDatabase } from './memory-database.ts';

databaseContract('memory', async () => {
  const database = new MemoryDatabase();
  return { first: database, second: database, stop: () => database.close() };
});
