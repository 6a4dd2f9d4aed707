import { type NatsConnection, nuid } from '@nats-io/transport-node';
import { z } from 'zod';
import { UnsafeCompareAndSet, WriteRefused } from './errors.ts';
import { rawHeaders } from './raw-headers.ts';

/** One message to be stored. */
export interface StreamWrite {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Sequence of the subject's last message for this write to be accepted; 0 = none yet; absent = unconditional. */
  readonly expected?: number;
  /** Kept with the message, to recognise our own write. */
  readonly commitId?: string;
  /** Not stored for readers of `subject`: the servers store it under `target` at that time of theirs. */
  readonly schedule?: { readonly atMs: number; readonly target: string };
}

export const COMMIT_ID = 'Understudy-Commit';
const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';

const ackSchema = z.object({
  seq: z.number().optional(),
  count: z.number().optional(),
  error: z.object({ err_code: z.number().optional(), code: z.number(), description: z.string() }).optional(),
});

type Fields = Record<string, string>;

function fieldsOf(write: StreamWrite): Fields {
  const fields: Fields = {};
  if (write.expected !== undefined) fields[EXPECTED] = String(write.expected);
  if (write.commitId !== undefined) fields[COMMIT_ID] = write.commitId;
  if (write.schedule !== undefined) {
    fields['Nats-Schedule'] = `@at ${new Date(Math.ceil(write.schedule.atMs)).toISOString()}`;
    fields['Nats-Schedule-Target'] = write.schedule.target;
  }
  return fields;
}

async function send(
  connection: NatsConnection,
  write: StreamWrite,
  fields: Fields,
  timeout: number,
): Promise<{ seq: number; count: number }> {
  const answer = await connection.request(write.subject, write.data, { headers: rawHeaders(fields), timeout });
  const ack = ackSchema.parse(answer.json());
  if (ack.error !== undefined) throw new WriteRefused(ack.error.err_code ?? ack.error.code, ack.error.description);
  if (ack.seq === undefined) throw new WriteRefused(0, 'the acknowledgement has no sequence');
  return { seq: ack.seq, count: ack.count ?? 1 };
}

/** Stores one message; returns its sequence. Throws `WriteRefused` when the server said no, and the client library's errors. */
export async function publishOne(connection: NatsConnection, write: StreamWrite, timeoutMs: number): Promise<number> {
  return (await send(connection, write, fieldsOf(write), timeoutMs)).seq;
}

/**
 * Stores all messages or none; returns the sequence of the first, the others follow it one by one. Raw headers, because
 * the client library's batch drops the expectation of every message but the first without a word.
 */
export async function publishBatch(
  connection: NatsConnection,
  writes: readonly StreamWrite[],
  timeoutMs: number,
): Promise<number> {
  const id = nuid.next();
  const last = writes.at(-1);
  if (last === undefined) throw new RangeError('an empty batch');
  for (const [index, write] of writes.entries()) {
    const fields = fieldsOf(write);
    fields['Nats-Batch-Id'] = id;
    fields['Nats-Batch-Sequence'] = String(index + 1);
    if (write !== last) {
      connection.publish(write.subject, write.data, { headers: rawHeaders(fields) });
      continue;
    }
    fields['Nats-Batch-Commit'] = '1';
    const { seq, count } = await send(connection, write, fields, timeoutMs);
    if (count !== writes.length) throw new UnsafeCompareAndSet(`a batch of ${writes.length} was stored as ${count}`);
    return seq - count + 1;
  }
  throw new RangeError('unreachable: the last write returns');
}
