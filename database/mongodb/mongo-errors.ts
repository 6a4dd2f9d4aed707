import { MongoParseError, MongoServerError } from 'mongodb';
import { DatabaseUnavailable, RevisionConflict } from '#ports';
import { DatabaseRefused } from '../errors.ts';

const DUPLICATE_KEY = 11000;
/** Unauthorized, AuthenticationFailed, NotAReplicaSet, CommandNotFound, DocumentTooLarge ("BSONObjectTooLarge"). */
const REFUSALS = new Set<unknown>([13, 18, 123, 59, 10334]);

/**
 * Runs one driver call and turns its errors into the port's. Everything that is not a clear answer is
 * `DatabaseUnavailable`, because the write may have landed: lost connection, timeout, majority not reached, failover.
 */
export async function mapMongoErrors<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RevisionConflict) throw error;
    const code = error instanceof MongoServerError ? error.code : undefined;
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (code === DUPLICATE_KEY) throw new RevisionConflict(`${what}: it exists already`, { cause: error });
    if (error instanceof MongoParseError || REFUSALS.has(code)) {
      throw new DatabaseRefused(`${what}: the database refuses: ${why}`, { cause: error });
    }
    throw new DatabaseUnavailable(`${what}: ${why}`, { cause: error });
  }
}
