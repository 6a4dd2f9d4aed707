import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import { type Alert, createActorSystem, MemoryServer, MemoryTransport, systemClock } from '#actors';

const machine = setup({}).createMachine({ on: { x: {} } });

test('a message from outside for a kind that nobody knows waits a while, then it is a dead letter; one of an actor waits on', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const alerts: Alert[] = [];
  const options = { clock: systemClock, random: Math.random, onAlert: (alert: Alert) => alerts.push(alert) };
  const transport = new MemoryTransport(server);
  const limits = { handBackMs: 1, unknownKindMs: 100 };
  const host = createActorSystem({ ...options, transport, host: 'n1', limits });
  host.register('vm', { machine, version: 1, events: z.object({ type: z.literal('x') }) });
  await host.start();
  const client = createActorSystem({ ...options, transport: new MemoryTransport(server), host: 'client' });
  await client.tell('vn/web-01', { type: 'x' }); // meant vm/web-01
  server.deliver({
    ...{ id: 'a', to: 'vn/web-02' as Parameters<typeof server.latest>[0], from: 'vm/1', sequence: 2 ** 20 + 1 },
    event: { type: 'x' },
  });
  await expect.poll(() => host.deadLetters()).toHaveLength(1);
  expect(await host.deadLetters()).toMatchObject([
    { message: { to: 'vn/web-01', event: { type: 'x' } }, reason: expect.stringMatching(/^x for vn\/web-01: .*vn/) },
  ]);
  await expect.poll(() => server.mailbox(0).size).toBe(1);
  // Each tenth time that it is handed back, and once for the dead letter.
  const said = alerts.filter(({ code, address }) => code === 'MESSAGE_REFUSED' && address !== 'vn/web-02');
  expect(said.length).toBeLessThanOrEqual(3);
  await host.stop();
});
