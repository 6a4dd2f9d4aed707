export { DatabaseRefused, StoreNotAtomic } from './errors.ts';
export { MemoryDatabase } from './memory-database.ts';
export { MongoDatabase } from './mongodb/mongo-database.ts';
