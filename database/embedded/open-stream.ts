import { JetStreamApiError, type JetStreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { DatabaseRefused } from '../errors.ts';
import { DATABASE_STREAM, DATABASE_SUBJECTS } from './subjects.ts';

/** JetStream's "stream not found". */
const STREAM_NOT_FOUND = 10059;

/**
 * Makes the database's stream if it is not there; returns on how many servers it is kept. One that exists is never
 * changed: when it is configured otherwise than compare-and-set and reads need, throws `DatabaseRefused`.
 */
export async function openStream(manager: JetStreamManager, replicas: number): Promise<number> {
  const wanted = {
    name: DATABASE_STREAM,
    subjects: [DATABASE_SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
  };
  let config: Awaited<ReturnType<typeof manager.streams.info>>['config'];
  try {
    ({ config } = await manager.streams.info(DATABASE_STREAM));
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
    // Racing makers ask for the same, which JetStream takes as one request.
    ({ config } = await manager.streams.add(wanted));
  }
  const { storage, max_msgs_per_subject, allow_direct, max_age, retention } = config;
  const fits = storage === StorageType.File && max_msgs_per_subject === 1 && allow_direct && max_age === 0;
  if (fits && retention === RetentionPolicy.Limits) return config.num_replicas;
  const found = JSON.stringify({ storage, max_msgs_per_subject, allow_direct, max_age, retention });
  throw new DatabaseRefused(`stream ${DATABASE_STREAM} exists with settings that lose data: ${found}; remove it`);
}
