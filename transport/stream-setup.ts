import { JetStreamApiError, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { StreamMismatch, StreamMissing } from './errors.ts';
import type { Subjects } from './subjects.ts';

const STREAM_NOT_FOUND = 10059;
const PARTITIONS_KEY = 'understudy.partitions';

export interface StreamSettings {
  readonly name: string;
  readonly replicas: number;
  /** Steps kept of every actor. */
  readonly history: number;
  /** Whether this server has atomic batches (2.12). */
  readonly canBatch: boolean;
  /** Whether this server has message schedules (2.12). */
  readonly canSchedule: boolean;
}

/**
 * Creates the stream, or checks that the one that is there fits. Returns whether it takes atomic batches and schedules.
 * Throws `StreamMismatch` naming each difference; the client's errors as they are.
 */
export async function ensureStream(
  manager: JetStreamManager,
  subjects: Subjects,
  settings: StreamSettings,
): Promise<{ atomic: boolean; schedules: boolean }> {
  const atomic = settings.canBatch && settings.replicas > 1;
  const wanted = {
    name: settings.name,
    subjects: subjects.all,
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    num_replicas: settings.replicas,
    max_msgs_per_subject: settings.history,
    max_consumers: -1,
    allow_direct: false,
    allow_atomic: atomic,
    ...(settings.canSchedule ? { allow_msg_schedules: true } : {}),
    duplicate_window: nanos(1_000),
    metadata: { [PARTITIONS_KEY]: String(subjects.partitions) },
  } satisfies Partial<StreamConfig>;
  const config = (await find(manager, settings.name)) ?? (await manager.streams.add(wanted)).config;
  const differences: string[] = [];
  const compare = (what: string, has: unknown, need: unknown): void => {
    if (JSON.stringify(has) !== JSON.stringify(need)) {
      differences.push(`${what} is ${JSON.stringify(has)}, needs ${JSON.stringify(need)}`);
    }
  };
  compare('partitions', config.metadata?.[PARTITIONS_KEY], String(subjects.partitions));
  compare('subjects', [...config.subjects].sort(), [...wanted.subjects].sort());
  compare('retention', config.retention, wanted.retention);
  compare('storage', config.storage, wanted.storage);
  compare('num_replicas', config.num_replicas, wanted.num_replicas);
  // Another one refuses what is beyond a limit instead of letting go of the oldest: the steps after the last of the history.
  compare('discard', config.discard, wanted.discard);
  compare('discard_new_per_subject', config.discard_new_per_subject ?? false, false);
  compare('max_consumers', config.max_consumers, wanted.max_consumers);
  compare('consumer_limits', config.consumer_limits ?? {}, {});
  compare('max_msgs_per_subject', config.max_msgs_per_subject, wanted.max_msgs_per_subject);
  // Each of these loses messages or journals, or keeps acknowledged messages for ever.
  compare('max_age', config.max_age, 0);
  compare('max_msgs', config.max_msgs, -1);
  compare('max_bytes', config.max_bytes, -1);
  compare('max_msg_size', config.max_msg_size, -1);
  compare('sealed', config.sealed, false);
  compare('deny_delete', config.deny_delete, false);
  compare('deny_purge', config.deny_purge, false);
  compare('no_ack', config.no_ack ?? false, false);
  compare('mirror', config.mirror ?? null, null);
  compare('sources', config.sources ?? null, null);
  compare('subject_transform', config.subject_transform ?? null, null);
  // Hosts without batches send from outboxes, again after each takeover; those with batches forget by then (see `TakenSpan`).
  if (config.allow_atomic === true) compare('allow_atomic', true, atomic);
  compare('persist_mode', config.persist_mode ?? 'default', 'default');
  if (differences.length > 0) {
    const wayOut =
      'Connect with the settings it was made with, choose another stream name, or have it edited or removed.';
    throw new StreamMismatch(`Stream ${settings.name}: ${differences.join('; ')}. ${wayOut}`);
  }
  return {
    atomic: atomic && config.allow_atomic === true,
    schedules: settings.canSchedule && config.allow_msg_schedules === true,
  };
}

/** What the stream of that name was made with. Throws `StreamMissing`, `StreamMismatch` when it is none of ours. */
export async function settingsOf(
  manager: JetStreamManager,
  name: string,
): Promise<{ readonly partitions: number; readonly replicas: number; readonly history: number }> {
  const config = await find(manager, name);
  if (config === undefined)
    throw new StreamMissing(`the servers have no stream ${name}: start a host first, or name another`);
  const partitions = Number(config.metadata?.[PARTITIONS_KEY]);
  if (!Number.isInteger(partitions))
    throw new StreamMismatch(`Stream ${name} holds no actors of this runtime: name another.`);
  return { partitions, replicas: config.num_replicas, history: config.max_msgs_per_subject };
}

async function find(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}
