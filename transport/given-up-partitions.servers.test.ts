import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Delivery } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);

test('a partition that was given up leaves memory', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void; // what the flag gives
  const transport = await connectJetStream({ servers: nats.urls, name: 'host', stream: 'given-up', partitions: 4 });
  const given: WeakRef<object>[] = [];
  const takeAndGiveUp = async (partition: number): Promise<void> => {
    const held = { actors: new Map<string, Delivery>() };
    const consumer = await transport.consume(partition, (delivery) => held.actors.set(delivery.message.to, delivery));
    given.push(new WeakRef(held));
    await consumer.stop();
  };
  for (let round = 0; round < 20; round += 1) await takeAndGiveUp(round % 4);
  const alive = (): number => {
    collectGarbage();
    return given.filter((ref) => ref.deref() !== undefined).length;
  };
  // The last may still be on somebody's stack.
  await expect.poll(alive, { interval: 200 }).toBeLessThanOrEqual(1);
  await transport.close();
});
