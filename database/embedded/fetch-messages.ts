import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { DATABASE_STREAM, DATABASE_SUBJECTS } from './subjects.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly text: string;
}

export interface FetchedMessages {
  readonly messages: readonly StreamMessage[];
  /** The replica that answered had no later message when it ended. False when that is not certain. */
  readonly complete: boolean;
}

const BATCH = 500;
/** The server also ends a long answer by size; well below that, it ended because there was no more. */
const CERTAINLY_WHOLE_BYTES = 256 * 1024;

/**
 * The stream's messages from `sequence` on, oldest first, at most 500. Any replica may answer, so a late one may not
 * have the newest yet. Rejects when the answer is not whole after `timeoutMs`.
 */
export function fetchMessages(
  connection: NatsConnection,
  sequence: number,
  timeoutMs: number,
): Promise<FetchedMessages> {
  return new Promise((resolve, reject) => {
    const inbox = createInbox();
    const messages: StreamMessage[] = [];
    let pending = 0;
    let bytes = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      settle();
    };
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return finish(() => reject(error));
        const status = message.headers?.code ?? 0;
        if (status === 404) return finish(() => resolve({ messages, complete: true }));
        if (status === 204) {
          const complete = pending === 0 && messages.length < BATCH && bytes < CERTAINLY_WHOLE_BYTES;
          return finish(() => resolve({ messages, complete }));
        }
        if (status !== 0)
          return finish(() => reject(new Error(`direct get: ${status} ${message.headers?.description}`)));
        messages.push(parse(message));
        bytes += message.data.length;
        pending = numberHeader(message, 'Nats-Num-Pending');
      },
    });
    const timer = setTimeout(
      () => finish(() => reject(new Error(`no whole answer from the stream within ${timeoutMs} ms`))),
      timeoutMs,
    );
    const request = { seq: sequence, batch: BATCH, next_by_subj: DATABASE_SUBJECTS };
    connection.publish(`$JS.API.DIRECT.GET.${DATABASE_STREAM}`, JSON.stringify(request), { reply: inbox });
  });
}

function parse(message: Msg): StreamMessage {
  const subject = message.headers?.get('Nats-Subject');
  if (subject === undefined || subject === '') throw new Error('direct get: a message without Nats-Subject');
  return { subject, sequence: numberHeader(message, 'Nats-Sequence'), text: message.string() };
}

function numberHeader(message: Msg, name: string): number {
  const value = Number(message.headers?.get(name) || Number.NaN);
  if (!Number.isSafeInteger(value)) throw new Error(`direct get: no ${name}: the server is too old`);
  return value;
}
