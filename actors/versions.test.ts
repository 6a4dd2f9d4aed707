import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { z } from 'zod';
import {
  type Alert,
  createActorSystem,
  type KindOptions,
  MemoryServer,
  MemoryTransport,
  promiseActor,
  reply,
  systemClock,
} from './mod.ts';

const events = z.looseObject({ type: z.enum(['add', 'get', 'work']) });

const first = setup({
  types: { context: {} as { sum: number }, events: {} as { type: 'add' | 'get' | 'work' } },
  actors: { job: promiseActor<number, undefined>() },
}).createMachine({
  context: { sum: 0 },
  initial: 'idle',
  on: {
    add: { actions: assign({ sum: ({ context }) => context.sum + 1 }) },
    get: { actions: reply(({ context }) => context.sum) },
  },
  states: { idle: { on: { work: 'busy' } }, busy: { invoke: { src: 'job' } } },
});
/** As a later release has it: another context, another state. */
const second = createMachine({
  context: { total: 0 },
  initial: 'resting',
  on: { get: { actions: reply(({ context }) => context.total) } },
  states: { resting: {} },
});

async function host(server: MemoryServer, kind: Partial<KindOptions>) {
  const alerts: Alert[] = [];
  const system = createActorSystem({
    ...{ transport: new MemoryTransport(server), clock: systemClock, random: Math.random, host: 'n1' },
    membership: { joinMs: 1 },
    limits: { failure: { firstMs: 1, maxMs: 5 } },
    onAlert: (alert) => alerts.push(alert),
  });
  const job = () => new Promise(() => {});
  system.register('a', { machine: first, version: 1, events, effects: { job }, ...kind });
  await system.start();
  return { system, alerts };
}

/** An actor of the first version, with two events taken and its host gone. */
async function stored(type: 'get' | 'work' = 'get'): Promise<MemoryServer> {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const { system } = await host(server, {});
  await system.tell('a/1', { type: 'add' });
  await system.tell('a/1', { type });
  await expect.poll(async () => (await system.history('a/1')).length).toBe(2);
  await system.stop();
  return server;
}

const migrate: KindOptions['migrate'] = (old) => ({ ...old, value: 'resting', context: { total: old.context.sum } });

test.each([
  [
    'no migration',
    { machine: second, version: 2 },
    /a\/1 is of version 1, the machine of version 2: give register\('a', \{ migrate \}\) a function that takes version 1, or run the old code/,
  ],
  [
    'a migration that throws',
    {
      machine: second,
      version: 2,
      migrate: () => {
        throw new Error('cannot');
      },
    },
    /a\/1 is of version 1, the machine of version 2: its migrate threw: cannot/,
  ],
  [
    'a migration that returns nonsense',
    { machine: second, version: 2, migrate: () => ({}) as never },
    /version 2: its migrate returned no snapshot/,
  ],
  [
    'a migration to a state that is not there',
    { machine: second, version: 2, migrate: (old) => ({ ...old, value: 'idle' }) },
    /a\/1 is in "idle", which the machine of version 2 does not have/,
  ],
  [
    'a machine changed under the same version',
    { machine: second, version: 1 },
    /a\/1 is in "idle", which the machine of version 1 does not have .*count its version up/,
  ],
  [
    'older code than what is stored',
    { version: 0 },
    /a\/1 is of version 1, the machine of version 0: this host runs older code, update or stop it/,
  ],
] as readonly (readonly [string, Partial<KindOptions>, RegExp])[])(
  '%s: the actor is refused at activation, named, and left as it is',
  async (_what, kind, message) => {
    const server = await stored();
    const before = server.latest('a/1' as never);
    const { system, alerts } = await host(server, kind);
    // Whoever asks hears why, at once; the event waits for the host that can take it.
    const asked = system.ask('a/1', { type: 'get' });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_ANSWERED', message: expect.stringMatching(message) });
    expect(alerts.find((alert) => alert.code === 'ACTOR_UNREADABLE')).toMatchObject({
      address: 'a/1',
      text: expect.stringMatching(message),
    });
    expect(alerts.map((alert) => alert.text).join()).toContain('`understudy actors history a/1` shows what is stored');
    expect(server.latest('a/1' as never)).toEqual(before);
    await system.stop();
    expect(server.mailbox(0).size, 'the event is still there').toBe(1);
    const able = await host(server, { machine: second, version: 2, migrate });
    expect(await able.system.ask('a/1', { type: 'get' })).toBe(1);
    await expect.poll(() => server.mailbox(0).size).toBe(0);
    await able.system.stop();
  },
);

test('an actor that is refused holds up no other of its partition', async () => {
  const server = await stored();
  const { system } = await host(server, { machine: second, version: 2 });
  for (let i = 0; i < 20; i += 1) await system.tell('a/1', { type: 'add' });
  expect(await system.ask('a/2', { type: 'get' })).toBe(0);
  await system.stop();
});

test('what an actor waits for is refused as well when it is activated for that alone', async () => {
  const server = await stored('work');
  const { system, alerts } = await host(server, { machine: second, version: 2 });
  await expect.poll(() => alerts.map((alert) => alert.code)).toEqual(['ACTOR_UNREADABLE']);
  await system.stop();
});

test('a damaged journal entry is named, with what is wrong in it', async () => {
  const server = await stored();
  const address = 'a/1' as never;
  const expectedSequence = server.latest(address)?.sequence ?? 0;
  server.commit({ address, expectedSequence, commitId: 'x', body: '{"format":1}', outgoing: [] });
  const { system } = await host(server, {});
  await expect(system.inspect('a/1')).rejects.toMatchObject({
    code: 'CORRUPT_JOURNAL',
    message: expect.stringMatching(/a\/1 entry 3: .*version/s),
  });
  await expect(system.ask('a/1', { type: 'get' })).rejects.toThrow('a/1 entry 3');
  expect(await system.ask('a/2', { type: 'get' })).toBe(0);
  await system.stop();
});
