import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { z } from 'zod';
import { createActorSystem, systemClock } from '#actors';
import { connectJetStream } from '../transport/mod.ts';
import { serversForTests } from '../transport/servers-for-tests.ts';

const nats = serversForTests(1);
const PROGRAM = fileURLToPath(new URL('./bin.ts', import.meta.url));

async function understudy(...given: readonly string[]): Promise<string> {
  const all = [PROGRAM, 'actors', ...given, '--servers', nats.urls.join(',')];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return stdout;
}

test('the commands that errors name show an actor, release it and end it', async () => {
  const transport = await connectJetStream({ servers: nats.urls, name: 'test', partitions: 4, history: 16 });
  const system = createActorSystem({ transport, clock: systemClock, random: Math.random, host: 'n1' });
  let broken = true;
  const machine = createMachine({
    on: {
      go: {
        guard: () => {
          if (broken) throw new Error('broken');
          return true;
        },
        actions: [],
      },
    },
  });
  const onError = { maxFailures: 1 };
  system.register('a', { machine, version: 3, events: z.object({ type: z.literal('go') }), onError });
  await system.start();
  await system.tell('a/1', { type: 'go' });
  await expect.poll(async () => (await system.inspect('a/1'))?.status).toBe('parked');
  await transport.deadLetter({ to: 'a/1' }, 'a test');
  const history = await understudy('history', 'a/1');
  expect(history).toMatch(/v3 {2}n1 {2}go from external:n1: failed -> parked {2}\(.*broken/);
  expect(JSON.parse(await understudy('inspect', 'a/1'))).toMatchObject({ address: 'a/1', parked: { failures: 1 } });
  expect(await understudy('dead-letters')).toContain('"reason":"a test"');
  broken = false;
  await understudy('release', 'a/1');
  await expect.poll(async () => (await system.inspect('a/1'))?.status).toBe('active');
  await understudy('stop', 'a/1');
  await expect.poll(async () => (await system.inspect('a/1'))?.status).toBe('stopped');
  expect(await understudy('forget', 'a/1')).toBe('a/1 is forgotten\n');
  expect(await system.inspect('a/1')).toMatchObject({ unborn: true, cause: { event: { type: 'actor.forget' } } });
  await system.tell('a/1', { type: 'go' });
  await expect.poll(async () => (await system.inspect('a/1'))?.status).toBe('active');
  await expect(understudy('stop', 'b/1')).rejects.toMatchObject({ code: 1, stderr: 'b/1 was never there\n' });
  expect(await system.inspect('b/1')).toBeUndefined();
  await expect(understudy('history', 'a/1', '--stream', 'none')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^understudy: .*the servers have no stream none.*\n$/),
  });
  await expect(understudy('inspect', 'A/1')).rejects.toMatchObject({
    code: 2,
    stderr: 'understudy: not an actor address: "A/1" (want kind/id, for example vm/web-01)\n',
  });
  await system.stop();
  await transport.close();
});
