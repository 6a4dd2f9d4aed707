import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createActorSystem, systemClock } from '#actors';
import { clusterEventSchema, clusterMachine, nodeEventSchema, nodeMachine } from '#machines';
import { connectJetStream } from '../transport/mod.ts';
import { serversForTests } from '../transport/servers-for-tests.ts';

const nats = serversForTests(1);
const PROGRAM = fileURLToPath(new URL('./bin.ts', import.meta.url));

async function tested(...given: readonly string[]): Promise<string> {
  const all = [PROGRAM, 'fences', 'tested', ...given, '--servers', nats.urls.join(',')];
  return (await promisify(execFile)(process.execPath, all)).stdout;
}

test('a person says that a fence was tested: it may be asked about that node again', async () => {
  const transport = await connectJetStream({ servers: nats.urls, name: 'test', partitions: 4, history: 16 });
  const system = createActorSystem({ transport, clock: systemClock, random: Math.random, host: 'n1' });
  system.register('node', { machine: nodeMachine, version: 2, events: nodeEventSchema });
  // A node that is up tells it of its room.
  system.register('cluster', { machine: clusterMachine, version: 1, events: clusterEventSchema });
  await system.start();
  const disbelieved = async () => (await system.inspect('node/n4'))?.snapshot.context.disbelieved;
  for (const fence of ['bmc', 'pdu', 'switch']) await system.tell('node/n4', { type: 'contradicted', fence });
  await expect.poll(disbelieved).toEqual(['bmc', 'pdu', 'switch']);
  expect(await tested('n4', 'pdu')).toBe('node/n4: pdu may be asked again\n');
  await expect.poll(disbelieved).toEqual(['bmc', 'switch']);
  expect(await tested('n4')).toBe('node/n4: each fence may be asked again\n');
  await expect.poll(disbelieved).toEqual([]);
  await expect(tested('n5')).rejects.toMatchObject({ code: 1, stderr: 'node/n5 was never there\n' });
  await expect(tested('n.*')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('n.*') });
  await system.stop();
  await transport.close();
}, 60_000);
