import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { TransportUnavailable } from '#actors';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';

const WINDOW = 1_000;

export interface StoredRange {
  readonly stream: string;
  readonly filters: readonly string[];
  readonly from: number | 'last_per_subject';
  /** Silence after which the reading counts as broken off. */
  readonly silenceMs: number;
}

/**
 * Everything stored under the filters, up to what the leader has now: a consumer may sit on a server that lags, so the
 * reading ends only when it has seen the leader's last message. Throws `TransportUnavailable` when it stops half way, and
 * the client library's errors.
 */
export async function readStored(
  connection: () => NatsConnection,
  manager: JetStreamManager,
  { stream, filters, from, silenceMs }: StoredRange,
): Promise<readonly FeedMessage[]> {
  const ends = await Promise.all(filters.map((filter) => manager.streams.getMessage(stream, { last_by_subj: filter })));
  const last = Math.max(...ends.map((message) => message?.seq ?? 0));
  if (last === 0) return [];
  const messages: FeedMessage[] = [];
  const done = Promise.withResolvers<void>();
  const patience = (): NodeJS.Timeout =>
    setTimeout(() => done.reject(new TransportUnavailable(`reading ${filters.join(' ')} stopped half way`)), silenceMs);
  let timer = patience();
  let feed: StreamFeed | undefined;
  const onMessage = (message: FeedMessage): void => {
    messages.push(message);
    feed?.release();
    if (message.sequence >= last) done.resolve();
    clearTimeout(timer);
    timer = patience();
  };
  // Rejected before anybody waits for it (the feed takes longer to open than the patience lasts): not unhandled.
  done.promise.catch(() => {});
  try {
    feed = await StreamFeed.open(connection, manager, { stream, filters, from, window: WINDOW, onMessage });
    await done.promise;
    return messages;
  } finally {
    clearTimeout(timer);
    await feed?.stop();
  }
}

/**
 * The last `limit` stored under the filter, oldest first, without reading all that came before: the further back, the larger
 * the steps. Throws as `readStored`.
 */
export async function readLast(
  connection: () => NatsConnection,
  manager: JetStreamManager,
  range: { readonly stream: string; readonly filter: string; readonly limit: number; readonly silenceMs: number },
): Promise<readonly FeedMessage[]> {
  const { stream, filter, limit, silenceMs } = range;
  const last = await manager.streams.getMessage(stream, { last_by_subj: filter });
  if (last === null) return [];
  for (let span = limit; ; span *= 8) {
    const from = Math.max(1, last.seq - span + 1);
    const found = await readStored(connection, manager, { stream, filters: [filter], from, silenceMs });
    if (found.length >= limit || from === 1) return found.slice(-limit);
  }
}
