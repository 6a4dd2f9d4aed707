import { expect, test, vi } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { z } from 'zod';
import {
  type ActorSystem,
  type ActorSystemOptions,
  address,
  createActorSystem,
  type Delivery,
  type KindOptions,
  MemoryServer,
  MemoryTransport,
  reply,
  sleep,
  systemClock,
  tell,
} from './mod.ts';

const events = z.looseObject({ type: z.enum(['add', 'get', 'wait']) });

const counter = setup({
  types: { context: {} as { sum: number }, events: {} as { type: 'add' | 'get' | 'wait' } },
}).createMachine({
  context: { sum: 0 },
  initial: 'idle',
  on: {
    add: { actions: assign({ sum: ({ context }) => context.sum + 1 }) },
    get: { actions: reply(({ context }) => context.sum) },
  },
  states: {
    idle: { on: { wait: 'waiting' } },
    waiting: { after: { 60: { target: 'idle', actions: assign({ sum: ({ context }) => context.sum + 1_000 }) } } },
  },
});

interface Host {
  readonly system: ActorSystem;
  readonly transport: MemoryTransport;
}

async function host(
  server: MemoryServer,
  name: string,
  kind: Partial<KindOptions> = {},
  more: Partial<ActorSystemOptions> = {},
): Promise<Host> {
  const transport = new MemoryTransport(server);
  const system = createActorSystem({
    transport,
    clock: systemClock,
    random: () => 0.5,
    host: name,
    membership: { joinMs: 10, aliveEveryMs: 20, deadAfterMs: 100 },
    limits: { failure: { firstMs: 1, maxMs: 5 } },
    ...more,
  });
  system.register('counter', { machine: counter, version: 1, events, ...kind });
  await system.start();
  return { system, transport };
}

/** Lets actors forget old senders, as the servers' atomic transport does. */
class ForgettingTransport extends MemoryTransport {
  override readonly boundedRedelivery = true;
}

const ids = Array.from({ length: 20 }, (_, at) => `counter/${at}`);

test('a clean stop hands over at once; a death is noticed; timers go on, late and never early', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 8 });
  const [a, b] = [await host(server, 'a'), await host(server, 'b')];
  for (const id of ids) await a.system.tell(id, { type: 'add' });
  await expect.poll(() => ids.filter((id) => a.system.owns(id) !== b.system.owns(id)).length).toBe(ids.length);
  expect(ids.some((id) => a.system.owns(id)) && ids.some((id) => b.system.owns(id))).toBe(true);

  const stoppedMs = systemClock.nowMs();
  await a.system.stop();
  for (const id of ids) expect(await b.system.ask(id, { type: 'get' })).toBe(1);
  expect(systemClock.nowMs() - stoppedMs).toBeLessThan(200);

  const c = await host(server, 'c');
  await expect.poll(() => ids.some((id) => c.system.owns(id))).toBe(true);
  const armedMs = systemClock.nowMs();
  for (const id of ids) await c.system.tell(id, { type: 'wait' });
  await expect
    .poll(async () =>
      (await Promise.all(ids.map((id) => c.system.inspect(id)))).every((each) => each?.snapshot.value === 'waiting'),
    )
    .toBe(true);
  b.system.kill();
  await b.transport.close();
  await expect
    .poll(async () => Promise.all(ids.map((id) => c.system.ask(id, { type: 'get' }))), { timeout: 3_000 })
    .toEqual(ids.map(() => 1_001));
  expect(systemClock.nowMs() - armedMs).toBeGreaterThanOrEqual(60);
  await c.system.stop();
});

test('a step that is under way when its host stops is not forgotten: the next host goes on with its timer at once', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const a = await host(server, 'a');
  const b = await host(server, 'b');
  await expect.poll(() => a.system.owns('counter/1') !== b.system.owns('counter/1')).toBe(true);
  const [owner, other] = a.system.owns('counter/1') ? [a, b] : [b, a];
  const commit = owner.transport.commit.bind(owner.transport);
  let committing = 0;
  // The servers are slow to answer.
  owner.transport.commit = async (step) => {
    committing += 1;
    await sleep(systemClock, 120);
    return commit(step);
  };
  await owner.system.tell('counter/1', { type: 'wait' });
  await expect.poll(() => committing).toBe(1);
  await owner.system.stop();
  await expect.poll(async () => (await other.system.inspect('counter/1'))?.snapshot.context.sum).toBe(1_000);
  await other.system.stop();
});

test('a listener of alerts that throws stops nothing', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  const machine = createMachine({
    on: {
      add: {
        guard: () => {
          throw new Error('broken');
        },
        actions: [],
      },
      get: { actions: reply(() => 'well') },
    },
  });
  const onAlert = () => {
    throw new Error('the listener is broken');
  };
  const a = await host(server, 'a', { machine, onError: { maxFailures: 2 } }, { onAlert });
  await a.system.tell('counter/1', { type: 'add' });
  await expect.poll(async () => (await a.system.inspect('counter/1'))?.status).toBe('parked');
  expect(await a.system.ask('counter/2', { type: 'get' })).toBe('well');
  expect(said).toHaveBeenCalled();
  said.mockRestore();
  await a.system.stop();
});

test('a host that stops while an actor fails and is given up stops quietly', async () => {
  for (let afterMs = 0; afterMs < 12; afterMs += 1) {
    const server = new MemoryServer({ clock: systemClock, partitions: 1 });
    const machine = createMachine({
      on: {
        add: {
          guard: () => {
            throw new Error('broken');
          },
          actions: [],
        },
      },
    });
    const a = await host(server, 'a', { machine, onError: { maxFailures: 3 } });
    await a.system.tell('counter/1', { type: 'add' });
    await sleep(systemClock, afterMs);
    if (afterMs % 2 === 0) await a.system.stop();
    else a.system.kill();
    await a.transport.close();
  }
});

test('a host that was cut off and believes it still owns an actor cannot commit', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const a = await host(server, 'a');
  await a.system.tell('counter/1', { type: 'add' });
  expect(await a.system.ask('counter/1', { type: 'get' })).toBe(1);
  const entry = await a.transport.latest('counter/1' as never);
  await a.system.tell('counter/1', { type: 'add' });
  await expect.poll(() => a.system.ask('counter/1', { type: 'get' })).toBe(2);
  const late = {
    address: 'counter/1' as never,
    expectedSequence: entry?.sequence ?? 0,
    commitId: 'late',
    body: '{}',
    outgoing: [],
  };
  await expect(a.transport.commit(late)).rejects.toMatchObject({ code: 'STALE_COMMIT' });
  await a.system.stop();
});

test('a changed machine needs a migration, or the actor is left alone with a clear error', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const old = await host(server, 'a');
  await old.system.tell('counter/1', { type: 'add' });
  await expect.poll(() => old.system.ask('counter/1', { type: 'get' })).toBe(1);
  await old.system.stop();

  const alerts: string[] = [];
  const machine = createMachine({
    context: { total: 0 },
    on: { get: { actions: reply(({ context }) => context.total) } },
  });
  const refused = await host(server, 'b', { machine, version: 2 }, { onAlert: (alert) => alerts.push(alert.text) });
  await refused.system.tell('counter/1', { type: 'add' });
  await expect.poll(() => alerts.join()).toContain('counter/1 is of version 1, the machine of version 2');
  expect((await refused.system.inspect('counter/1'))?.version).toBe(1);
  await refused.system.stop();

  const migrate: KindOptions['migrate'] = (stored) => ({
    ...stored,
    value: {},
    context: { total: stored.context.sum },
  });
  const migrated = await host(server, 'c', { machine, version: 2, migrate });
  expect(await migrated.system.ask('counter/1', { type: 'get' })).toBe(1);
  expect((await migrated.system.inspect('counter/1'))?.version).toBe(2);
  await migrated.system.stop();
});

test('idle actors leave memory and come back', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 2 });
  const a = await host(server, 'a', {}, { limits: { idleMs: 20 } });
  for (const id of ids) await a.system.tell(id, { type: 'add' });
  await expect.poll(() => a.system.activeActors).toBe(0);
  expect(await a.system.ask('counter/1', { type: 'get' })).toBe(1);
  await a.system.stop();
});

test('an actor whose last step sent something leaves memory for good: it is not woken to send it again and again', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1, atomicOutgoing: false });
  const limits = { idleMs: 30 };
  const membership = { joinMs: 1, sweepEveryMs: 30 };
  const transport = new MemoryTransport(server);
  const sent: string[] = [];
  const deliver = transport.deliver.bind(transport);
  transport.deliver = (message) => {
    sent.push(message.from);
    return deliver(message);
  };
  const machine = createMachine({
    on: { add: { actions: tell(() => ({ to: 'counter/2', event: { type: 'wait' } })) } },
  });
  const a = await host(server, 'a', { machine }, { transport, limits, membership });
  await a.system.tell('counter/1', { type: 'add' });
  await expect.poll(() => sent).toEqual(['external:a', 'counter/1']);
  let sweeps = 0;
  const sweep = transport.sweep.bind(transport);
  transport.sweep = (partition) => {
    sweeps++;
    return sweep(partition);
  };
  await expect.poll(() => sweeps, { timeout: 5_000 }).toBeGreaterThan(10);
  expect(sent).toEqual(['external:a', 'counter/1']);
  expect(a.system.activeActors).toBe(0);
  await a.system.stop();
});

test.each([
  ['outside', 40, (at: number) => ({ id: `late-${at}`, from: 'external:cli' })],
  ['another actor', 600, (at: number) => ({ id: `late-${at}`, from: `counter/sender-${at}`, sequence: 1 })],
] as const)(
  'a message of %s that arrives long after another host took it is not taken again, though it is forgotten',
  async (_, many, messageOf) => {
    const server = new MemoryServer({ clock: systemClock, partitions: 1 });
    const stalled: Delivery[] = [];
    let passOn: (delivery: Delivery) => void = () => {};
    const slow = new ForgettingTransport(server);
    const consume = slow.consume.bind(slow);
    // Its connection hands over nothing for a long time.
    slow.consume = (partition, receive) => {
      passOn = receive;
      return consume(partition, (delivery) => stalled.push(delivery));
    };
    const transport = new MemoryTransport(server);
    const to = address('counter/1');
    const a = await host(server, 'a', {}, { transport: slow });
    await transport.deliver({ ...messageOf(0), to, event: { type: 'add' } });
    await expect.poll(() => stalled.length).toBe(1);

    // Another host takes it, and so many others that its id or sender is no longer remembered.
    const theirs = await transport.consume(0, passOn);
    for (let at = 0; at < many; at += 1) await transport.deliver({ ...messageOf(at + 1), to, event: { type: 'add' } });
    await expect
      .poll(async () => (await a.system.inspect(to))?.snapshot.context.sum, { timeout: 5_000 })
      .toBe(many + 1);

    for (const delivery of stalled) passOn({ ...delivery, attempt: 1 });
    await transport.deliver({ id: 'last', to, from: 'external:cli', event: { type: 'add' } });
    await expect.poll(async () => (await a.system.inspect(to))?.snapshot.context.sum).toBeGreaterThan(many + 1);
    await expect.poll(() => server.mailbox(0).size).toBe(0);
    expect((await a.system.inspect(to))?.snapshot.context.sum).toBe(many + 2);
    await theirs.stop();
    await a.system.stop();
  },
);
