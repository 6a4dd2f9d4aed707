import type { Database } from '#ports';
import { EmbeddedDatabase } from './embedded/embedded-database.ts';
import { DatabaseRefused } from './errors.ts';
import { MongoDatabase } from './mongodb/mongo-database.ts';
import { probeCompareAndSet } from './probe-compare-and-set.ts';

/**
 * Connects to `mongodb://...`, `mongodb+srv://...` or `embedded:nats://host:port[,nats://host:port...]` and races writers
 * on it before anything may rely on it. Throws `DatabaseUnavailable` (retryable), `DatabaseRefused`, or `StoreNotAtomic`.
 */
export async function connectDatabase(connection: string): Promise<Database> {
  const database = await open(connection);
  try {
    await probeCompareAndSet(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function open(connection: string): Promise<Database> {
  if (/^mongodb(\+srv)?:\/\//.test(connection)) return MongoDatabase.connect(connection);
  const servers = /^embedded:(nats:\/\/.+|tls:\/\/.+)$/.exec(connection)?.[1];
  if (servers !== undefined) return EmbeddedDatabase.connect(servers.split(','));
  throw new DatabaseRefused('not a database: a connection begins with mongodb://, mongodb+srv:// or embedded:nats://');
}
