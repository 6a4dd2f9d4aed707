import { errors, type NatsConnection } from '@nats-io/transport-node';
import { publishBatch, publishOne, type StreamWrite } from './raw-publish.ts';

const PAUSE_MS = 50;

/**
 * Stores all writes or none; returns the sequence of the first. While the stream has no leader nobody listens on its
 * subjects: the servers say so at once and the write certainly did not happen, so it is sent again until `timeoutMs` is
 * over. Callers that repeat at once what failed would otherwise load the servers just while they elect a leader.
 * Throws as `publishBatch`.
 */
export async function publishWhenLed(
  connection: () => NatsConnection,
  writes: readonly StreamWrite[],
  timeoutMs: number,
): Promise<number> {
  const endMs = performance.now() + timeoutMs;
  const [first] = writes;
  for (;;) {
    try {
      if (first !== undefined && writes.length === 1) return await publishOne(connection(), first, timeoutMs);
      return await publishBatch(connection(), writes, timeoutMs);
    } catch (error) {
      if (!isUnheard(error) || performance.now() + PAUSE_MS >= endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function isUnheard(error: unknown): boolean {
  return error instanceof errors.RequestError && error.isNoResponders();
}
