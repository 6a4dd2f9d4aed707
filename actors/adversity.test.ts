import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type ActorSystemOptions,
  type Address,
  type Alert,
  createActorSystem,
  type KindOptions,
  MemoryServer,
  MemoryTransport,
  reply,
  spawnChild,
  systemClock,
  tell,
} from './mod.ts';

const events = z.object({
  type: z.enum(['add', 'get', 'self', 'ring', 'poison', 'hire', 'free', 'report']),
  n: z.number().optional(),
});
let poisonous = true;

const machine = setup({
  types: {
    context: {} as { address: string; count: number },
    input: {} as { address: string },
    events: {} as z.infer<typeof events> | { type: 'actor.parked'; address: string },
  },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', count: 0 }),
  on: {
    add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    get: { actions: reply(({ context }) => context.count) },
    self: {
      actions: [
        assign({ count: ({ context }) => context.count + 1 }),
        tell(({ context, event }) =>
          event.n ? [{ to: context.address, event: { type: 'self', n: event.n - 1 } }] : [],
        ),
      ],
    },
    ring: {
      actions: [
        assign({ count: ({ context }) => context.count + 1 }),
        tell(({ context, event }) =>
          event.n
            ? [{ to: `a/${(Number(context.address.slice(2)) + 1) % 3}`, event: { type: 'ring', n: event.n - 1 } }]
            : [],
        ),
      ],
    },
    poison: {
      actions: assign(() => {
        if (poisonous) throw new Error('poison');
        return {};
      }),
    },
    report: { actions: tell(() => ({ to: 'a/hub', event: { type: 'add' } })) },
    hire: { actions: spawnChild(() => ({ address: 'a/child' })) },
    free: { actions: tell(() => ({ to: 'a/child', event: { type: 'actor.release' } })) },
    'actor.parked': { actions: assign({ count: 100 }) },
  },
});

function connect(
  server: MemoryServer,
  host: string,
  options: Partial<ActorSystemOptions> = {},
  kind: Partial<KindOptions> = {},
) {
  const alerts: Alert[] = [];
  const transport = new MemoryTransport(server);
  const system = createActorSystem({
    ...{ transport, clock: systemClock, random: Math.random, host },
    membership: { joinMs: 30, aliveEveryMs: 10, deadAfterMs: 60 },
    limits: { failure: { firstMs: 1, maxMs: 2 }, handBackMs: 2 },
    onAlert: (alert) => alerts.push(alert),
    ...options,
  });
  system.register('a', { machine, version: 1, events, onError: { maxFailures: 2 }, ...kind });
  return { system, transport, alerts };
}

const fresh = (atomicOutgoing = true) => new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing });

test('a second host of the same name is refused while the first lives, and welcome once it is dead', async () => {
  const server = fresh();
  const first = connect(server, 'n1');
  await first.system.start();
  const second = connect(server, 'n1');
  await expect(second.system.start()).rejects.toMatchObject({
    code: 'HOST_NAME_TAKEN',
    message: expect.stringMatching(/another process runs as host n1 .*: stop it, or give this one another name/),
  });
  expect(second.system.owns('a/1')).toBe(false);
  await first.system.tell('a/1', { type: 'add' });
  expect(await first.system.ask('a/1', { type: 'get' })).toBe(1);
  first.system.kill();
  await first.transport.close();
  const third = connect(server, 'n1');
  await third.system.start();
  expect(await third.system.ask('a/1', { type: 'get' })).toBe(1);
  await third.system.stop();
});

test('two hosts of one name that start at once: one of them runs', async () => {
  const server = fresh();
  const both = [connect(server, 'n1'), connect(server, 'n1')];
  const started = await Promise.allSettled(both.map(({ system }) => system.start()));
  expect(started.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
  for (const { system } of both) await system.stop();
});

test('two hosts that hear nothing of each other serve every actor both, and still each event counts once', async () => {
  const server = fresh();
  const hosts = ['n1', 'n2'].map((name) => connect(server, name));
  for (const { transport } of hosts) transport.bus.publish = () => {};
  for (const { system } of hosts) await system.start();
  expect(hosts.map(({ system }) => system.owns('a/1'))).toEqual([true, true]);
  // Both are handed every message: what one has not acknowledged yet, the other is given as well.
  const doubled = server.mailbox.bind(server);
  for (let i = 0; i < 200; i += 1) {
    const to = `a/${i % 5}` as Address;
    const message = { id: `m${i}`, to, from: 'external:x', event: { type: 'add' } };
    server.deliver(message);
    if (i % 3 === 0) server.deliver(message);
  }
  const counts = async () =>
    Promise.all([0, 1, 2, 3, 4].map(async (i) => (await hosts[0]?.system.inspect(`a/${i}`))?.snapshot.context.count));
  await expect.poll(counts).toEqual([40, 40, 40, 40, 40]);
  await expect.poll(() => [0, 1, 2, 3].map((partition) => doubled(partition).size)).toEqual([0, 0, 0, 0]);
  expect(await counts()).toEqual([40, 40, 40, 40, 40]);
  for (const { system } of hosts) await system.stop();
});

for (const atomic of [true, false]) {
  test(`messages in loops, to oneself and around: each step once, nobody else waits (atomic: ${atomic})`, async () => {
    const { system } = connect(fresh(atomic), 'n1');
    await system.start();
    await system.tell('a/7', { type: 'self', n: 300 });
    await system.tell('a/0', { type: 'ring', n: 299 });
    expect(await system.ask('a/9', { type: 'get' }), 'a neighbour answers meanwhile').toBe(0);
    const counts = async () =>
      Promise.all(['a/7', 'a/0', 'a/1', 'a/2'].map(async (of) => (await system.inspect(of))?.snapshot.context.count));
    await expect.poll(counts).toEqual([301, 100, 100, 100]);
    await system.stop();
  });
}

for (const atomic of [true, false]) {
  test(`an actor with more senders than it used to remember counts each message once across takeovers (atomic: ${atomic})`, async () => {
    const server = fresh(atomic);
    const first = connect(server, 'n1');
    await first.system.start();
    for (let i = 0; i < 700; i += 1) await first.system.tell(`a/s${i}`, { type: 'report' });
    const count = async () => (await first.system.inspect('a/hub'))?.snapshot.context.count;
    await expect.poll(count).toBe(700);
    first.system.kill();
    await first.transport.close();
    // What every sender had in its outbox is sent once more.
    const second = connect(server, 'n2');
    await second.system.start();
    await second.system.tell('a/hub', { type: 'add' });
    await expect.poll(async () => (await second.system.inspect('a/hub'))?.snapshot.context.count).toBe(701);
    await expect.poll(() => [0, 1, 2, 3].map((partition) => server.mailbox(partition).size)).toEqual([0, 0, 0, 0]);
    expect((await second.system.inspect('a/hub'))?.snapshot.context.count).toBe(701);
    await second.system.stop();
  });
}

test('a parked actor: its supervisor hears, asks are answered at once, and the supervisor itself can release it', async () => {
  poisonous = true;
  const { system } = connect(fresh(), 'n1');
  await system.start();
  await system.tell('a/boss', { type: 'hire' });
  await expect.poll(() => system.inspect('a/child')).toBeDefined();
  await system.tell('a/child', { type: 'poison' });
  await expect.poll(async () => (await system.inspect('a/boss'))?.snapshot.context.count).toBe(100);
  await expect(system.ask('a/child', { type: 'get' })).rejects.toMatchObject({
    code: 'NOT_ANSWERED',
    message: expect.stringMatching(/^parked: a\/child is parked: poison \(the event waits in the mailbox\)$/),
  });
  for (let i = 0; i < 50; i += 1) await system.tell('a/child', { type: 'add' });
  poisonous = false;
  await system.tell('a/boss', { type: 'free' });
  await expect.poll(async () => (await system.inspect('a/child'))?.snapshot.context.count).toBe(50);
  const outcomes = (await system.history('a/child')).map((step) => `${step.cause.event.type} ${step.outcome}`);
  expect(outcomes.slice(0, 5)).toEqual([
    'actor.spawn handled',
    'poison failed',
    'actor.release handled',
    'poison handled',
    'get handled',
  ]);
  await system.stop();
});

test('a parked actor keeps what waits for it across a takeover, in order', async () => {
  poisonous = true;
  const server = fresh();
  const first = connect(server, 'n1');
  await first.system.start();
  await first.system.tell('a/1', { type: 'poison' });
  await expect.poll(async () => (await first.system.inspect('a/1'))?.status).toBe('parked');
  for (let i = 0; i < 40; i += 1) await first.system.tell('a/1', { type: 'add' });
  first.system.kill();
  await first.transport.close();
  const second = connect(server, 'n2');
  await second.system.start();
  expect((await second.system.inspect('a/1'))?.status).toBe('parked');
  poisonous = false;
  await second.system.release('a/1');
  await expect.poll(async () => (await second.system.inspect('a/1'))?.snapshot.context.count).toBe(40);
  await second.system.stop();
});

test('released while still poisonous, it parks again and has lost nothing', async () => {
  poisonous = true;
  const { system } = connect(fresh(), 'n1');
  await system.start();
  await system.tell('a/1', { type: 'poison' });
  await system.tell('a/1', { type: 'add' });
  for (let round = 1; round <= 3; round += 1) {
    await expect
      .poll(async () => (await system.history('a/1')).filter((step) => step.outcome === 'failed').length)
      .toBe(round);
    await system.release('a/1');
  }
  poisonous = false;
  await system.release('a/1');
  await expect.poll(async () => (await system.inspect('a/1'))?.snapshot.context.count).toBe(1);
  await system.stop();
});

test('a schema that throws refuses the event; the partition goes on', async () => {
  const odd = events.refine(({ n }) => {
    if (n === 13) throw new Error('the schema itself is broken');
    return true;
  });
  const server = fresh();
  const { system } = connect(server, 'n1', {}, { events: odd });
  await system.start();
  await expect(system.tell('a/1', { type: 'add', n: 13 })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' });
  server.deliver({ id: 'x', to: 'a/1' as Address, from: 'external:x', event: { type: 'add', n: 13 } });
  await expect.poll(async () => (await system.inspect('a/1'))?.outcome).toBe('refused');
  expect(await system.ask('a/1', { type: 'get' })).toBe(0);
  await system.stop();
});

test('an unserved kind waits on the hosts that lack it, alerts, and is taken by one that has it', async () => {
  const server = fresh();
  server.deliver({ id: 'x', to: 'b/1' as Address, from: 'external:x', event: { type: 'add' } });
  const { system, alerts, transport } = connect(server, 'n1');
  await system.start();
  await expect.poll(() => alerts.map((alert) => alert.code)).toContain('MESSAGE_REFUSED');
  expect(alerts[0]?.text).toMatch(/no kind b \(b\/1\) is registered on host n1/);
  await system.stop();
  await transport.close();
  const able = connect(server, 'n2');
  able.system.register('b', { machine, version: 1, events });
  await able.system.start();
  await expect.poll(async () => (await able.system.inspect('b/1'))?.snapshot.context.count).toBe(1);
  await able.system.stop();
});
