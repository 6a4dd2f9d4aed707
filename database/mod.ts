export {
  type ChooseOptions,
  type ChosenDatabase,
  chooseDatabase,
  DATABASE_WAYS,
  type DatabaseWay,
} from './choose-database.ts';
export { connectDatabase } from './connect-database.ts';
export { EmbeddedDatabase } from './embedded/embedded-database.ts';
export { DatabaseRefused, StoreNotAtomic } from './errors.ts';
export { LateDatabase } from './late-database.ts';
export { MemoryDatabase } from './memory-database.ts';
export { withDatabase } from './mongodb/database-in-url.ts';
export { dropDatabase } from './mongodb/drop-database.ts';
export { MongoDatabase } from './mongodb/mongo-database.ts';
export { probeCompareAndSet } from './probe-compare-and-set.ts';
