import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream';
import { nanos, nuid } from '@nats-io/transport-node';

/** At most as many consumers are made to get one on a certain server: of three servers three will do most of the time. */
const TRIES = 24;

/** A consumer on the servers, for reading once: it keeps no acknowledgements and ends when nobody reads. */
export interface FeedConsumer {
  readonly name: string;
  /** Name of the server it is on; undefined without a cluster. */
  readonly server: string | undefined;
  /** Messages that it has to give. */
  readonly pending: number;
}

export interface FeedSource {
  readonly stream: string;
  readonly filters: readonly string[];
}

/** Throws the client library's errors. */
export async function makeConsumer(
  manager: JetStreamManager,
  { stream, filters }: FeedSource,
  start: Partial<ConsumerConfig>,
): Promise<FeedConsumer> {
  const name = `feed-${nuid.next()}`;
  const info = await manager.consumers.add(stream, {
    name,
    filter_subjects: [...filters],
    ack_policy: 'none',
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(10_000),
    ...start,
  });
  return { name, server: info.cluster?.leader, pending: info.num_pending };
}

/**
 * One on that server. The servers place consumers at random, so those that land elsewhere are taken back. Undefined when
 * none landed there. `start`: asked anew for each. Throws the client library's errors.
 */
export async function makeConsumerOn(
  server: string,
  manager: JetStreamManager,
  source: FeedSource,
  start: () => Partial<ConsumerConfig>,
): Promise<FeedConsumer | undefined> {
  for (let i = 0; i < TRIES; i += 1) {
    const made = await makeConsumer(manager, source, start());
    if (made.server === server) return made;
    await manager.consumers.delete(source.stream, made.name);
  }
  return undefined;
}
