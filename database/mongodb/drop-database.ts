import { MongoClient } from 'mongodb';
import { mapMongoErrors } from './mongo-errors.ts';
import { redactConnection } from './redact-connection.ts';

const TIMEOUT_MS = 5_000;

/**
 * Removes the database that the connection string names, with everything in it; one that is not there is no error. Throws
 * `DatabaseUnavailable`, `DatabaseRefused`.
 */
export async function dropDatabase(connection: string): Promise<void> {
  const named = redactConnection(connection);
  const client = await mapMongoErrors(`connect to ${named}`, async () =>
    new MongoClient(connection, { appName: 'understudy', serverSelectionTimeoutMS: TIMEOUT_MS }).connect(),
  );
  try {
    await mapMongoErrors(`drop ${named}`, () => client.db().dropDatabase());
  } finally {
    await client.close();
  }
}
