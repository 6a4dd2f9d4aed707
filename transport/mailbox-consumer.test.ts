import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { TransportUnavailable } from '#actors';
import { MailboxConsumer, type MailboxOptions } from './mailbox-consumer.ts';
import type { FeedReceiver } from './mailbox-feed.ts';

test('what is no mailbox message stays until it is kept as a dead letter, however long the servers do not answer', async () => {
  let receiver: FeedReceiver | undefined;
  const acknowledged: number[] = [];
  let tries = 0;
  const options = {
    ...{ stream: 's', partition: 0, filter: 's.q.0.>', mailboxOf: (to: string) => to },
    feed: {
      join: async (partition: number, given: FeedReceiver) => {
        receiver = given;
        return { partition, position: () => 7, leave: () => {} };
      },
    },
    deleter: {},
    packs: { add: () => {}, remove: () => {} },
    sweeper: { add: () => {}, later: () => acknowledged.push(tries), remove: async () => {} },
    receive: () => {},
    isStored: async () => true,
    refuse: async () => {
      tries += 1;
      if (tries < 3) throw new TransportUnavailable('no leader');
    },
  };
  // Only what is called here: the rest of these classes needs servers.
  const consumer = await MailboxConsumer.open(
    () => ({}) as NatsConnection,
    {} as JetStreamManager,
    options as unknown as MailboxOptions,
  );
  receiver?.onMessage({ subject: 's.q.0.a.b.c', sequence: 7, data: Buffer.from('no JSON'), header: () => '' });
  await expect.poll(() => acknowledged, { timeout: 5_000 }).toEqual([3]);
  await consumer.stop();
});
