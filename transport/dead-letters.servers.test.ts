import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);

test('the last dead letters are read, in order, wherever they lie; what is none of ours hides no other', async () => {
  const transport = await connectJetStream({ servers: nats.urls, name: 'reader', stream: 'letters', partitions: 2 });
  const connection = await connect({ servers: [...nats.urls] });
  expect(await transport.deadLetters(5)).toEqual([]);
  const fill = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await connection.request('letters.probe.fill', 'x', { timeout: 2_000 });
  };
  for (let i = 1; i <= 3; i += 1) {
    await transport.deadLetter({ to: `c/${i}` }, `reason ${i}`);
    await fill(100);
  }
  await connection.request('letters.dead.0.c.x', 'no json', { timeout: 2_000 });
  await connection.request('letters.dead.0.c.y', '{"json":"of another"}', { timeout: 2_000 });
  await fill(100);
  const reasons = async (limit: number): Promise<string[]> =>
    (await transport.deadLetters(limit)).map(({ reason }) => reason.slice(0, 8));
  expect(await reasons(100)).toEqual(['reason 1', 'reason 2', 'reason 3', 'no dead ', 'no dead ']);
  expect(await reasons(3)).toEqual(['reason 3', 'no dead ', 'no dead ']);
  expect((await transport.deadLetters(2)).map(({ message }) => message)).toEqual(['no json', '{"json":"of another"}']);
  await connection.close();
  await transport.close();
});
