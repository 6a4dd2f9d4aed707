import { type MsgHdrs, type NatsConnection, nuid } from '@nats-io/transport-node';
import { z } from 'zod';
import { UnsafeCompareAndSet, WriteImpossible, WriteRefused } from './errors.ts';
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

/** Servers end the connection, and all that is under way on it, at a control line of more than 4,096 bytes. */
export const LONGEST_SUBJECT = 3_000;

/** The message's headers as bytes. Throws `WriteImpossible`: nothing was sent then. */
function headersOf(write: StreamWrite, batch: Fields = {}): MsgHdrs {
  try {
    if (write.subject.length > LONGEST_SUBJECT) throw new RangeError(`its subject has ${write.subject.length} bytes`);
    return rawHeaders(Object.assign(fieldsOf(write), batch));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WriteImpossible(`${write.subject.slice(0, 200)} cannot be written: ${why}`, { cause: error });
  }
}

async function send(
  connection: NatsConnection,
  write: StreamWrite,
  headers: MsgHdrs,
  timeout: number,
): Promise<{ seq: number; count: number }> {
  const answer = await connection.request(write.subject, write.data, { headers, timeout });
  const { error, seq, count } = ackSchema.parse(answer.json());
  if (error !== undefined) throw new WriteRefused(error.err_code ?? error.code, error.description, error.code);
  if (seq === undefined) throw new WriteRefused(0, 'the acknowledgement has no sequence');
  return { seq, count: count ?? 1 };
}

/**
 * Stores one message; returns its sequence. Throws `WriteRefused` when the server said no, `WriteImpossible`, and the client
 * library's errors.
 */
export async function publishOne(connection: NatsConnection, write: StreamWrite, timeoutMs: number): Promise<number> {
  return (await send(connection, write, headersOf(write), timeoutMs)).seq;
}

/**
 * Stores all messages or none; returns the sequence of the first, the others follow it one by one. Raw headers, because
 * the client library's batch drops the expectation of every message but the first without a word. Throws as `publishOne`.
 */
export async function publishBatch(
  connection: NatsConnection,
  writes: readonly StreamWrite[],
  timeoutMs: number,
): Promise<number> {
  const id = nuid.next();
  const last = writes.at(-1);
  if (last === undefined) throw new RangeError('an empty batch');
  // All of them before the first is sent: servers keep a batch that is never ended for seconds, and take few at once.
  const headers = writes.map((write, index) => {
    const batch: Fields = { 'Nats-Batch-Id': id, 'Nats-Batch-Sequence': String(index + 1) };
    if (write === last) batch['Nats-Batch-Commit'] = '1';
    return headersOf(write, batch);
  });
  for (const [index, write] of writes.entries()) {
    const own = headers[index];
    if (own === undefined) throw new RangeError('unreachable: each write has its headers');
    if (write !== last) {
      connection.publish(write.subject, write.data, { headers: own });
      continue;
    }
    const { seq, count } = await send(connection, write, own, timeoutMs);
    if (count !== writes.length) throw new UnsafeCompareAndSet(`a batch of ${writes.length} was stored as ${count}`);
    return seq - count + 1;
  }
  throw new RangeError('unreachable: the last write returns');
}
