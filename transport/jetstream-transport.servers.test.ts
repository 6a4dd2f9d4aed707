import { describe, expect, test } from 'vitest';
import { partitionOf } from '#actors';
import { connectJetStream, type JetStreamOptions } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';
import { CONTRACT_MAILBOX, transportContract } from './transport-contract.ts';

/** The contract is not about how long servers may take: on a busy disk one write alone took more than two seconds. */
const timeoutMs = 10_000;

describe('three servers', () => {
  const nats = serversForTests(3);
  const open = (options: Partial<JetStreamOptions> & { readonly stream: string }) =>
    connectJetStream({
      servers: nats.urls,
      name: 'test',
      timeoutMs,
      partitions: 8,
      mailboxLimit: CONTRACT_MAILBOX,
      ...options,
    });

  transportContract('JetStream, three replicas, atomic batches', () => open({ stream: 'r3' }), partitionOf);
  transportContract(
    'JetStream, three replicas, separate writes',
    () => open({ stream: 'r3-separate', atomic: false }),
    partitionOf,
  );

  test.each([
    ['atomic batches where the stream has three replicas', { stream: 'r3' }, true],
    ['the outbox with one replica', { stream: 'one-replica', replicas: 1 }, false],
    ['the outbox where batches are switched off', { stream: 'r3-separate', atomic: false }, false],
  ] as const)('the servers are probed: %s', async (_what, options, atomic) => {
    const transport = await open(options);
    expect(transport.atomicOutgoing).toBe(atomic);
    await transport.close();
  });
});

describe('one server', () => {
  const nats = serversForTests(1);
  const open = () =>
    connectJetStream({
      ...{ servers: nats.urls, name: 'test', stream: 'r1', timeoutMs, partitions: 8, mailboxLimit: CONTRACT_MAILBOX },
    });
  transportContract('JetStream, one server, separate writes', open, partitionOf);

  test('the server is probed: the outbox', async () => {
    const transport = await open();
    expect(transport.atomicOutgoing).toBe(false);
    await transport.close();
  });
});
