import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import {
  type MailboxMessage,
  MemoryServer,
  MemoryTransport,
  reply,
  SnapshotTooLarge,
  sleep,
  systemClock,
  tell,
} from './mod.ts';

const server = (options: { readonly maxBodyBytes?: number; readonly atomicOutgoing?: boolean }) =>
  new MemoryServer({ clock: systemClock, partitions: 1, ...options });

const machine = setup({ types: { context: {} as { text: string } } }).createMachine({
  context: { text: '' },
  on: {
    fill: { actions: assign({ text: ({ context, event }) => context.text + 'x'.repeat(event.n) }) },
    get: { actions: reply(({ context }) => context.text) },
    poison: {
      actions: () => {},
      guard: ({ event }) => {
        throw new Error(event.text);
      },
    },
  },
});

test('a step that is within its limit and more than messaging takes fails: the actor parks and can be ended', async () => {
  const { system, status } = await hostForTests({ a: { machine } }, { server: server({ maxBodyBytes: 60_000 }) });
  await system.tell('a/1', { type: 'fill', n: 50_000 });
  await expect.poll(() => status('a/1')).toBe('active');
  await system.tell('a/1', { type: 'fill', n: 5_000 });
  await expect.poll(async () => (await system.inspect('a/1'))?.parked?.code).toBe('SNAPSHOT_TOO_LARGE');
  await system.stopActor('a/1');
  await expect.poll(() => status('a/1')).toBe('stopped');
  await system.stop();
});

test.each([
  ['that JSON makes six times as long', '\u0000\u0001'.repeat(600)],
  ['of four bytes a character', '\u{1F600}'.repeat(2_000)],
  ['as long as a payload', 'x'.repeat(100_000)],
])('an actor near its limit parks with an error text %s', async (_what, text) => {
  const small = { server: server({ maxBodyBytes: 30_000 }), limits: { snapshotBytes: 21_000 } };
  const { system, status } = await hostForTests({ a: { machine } }, small);
  await system.tell('a/1', { type: 'fill', n: 20_000 });
  await expect.poll(() => status('a/1')).toBe('active');
  await small.server.deliver({
    id: 'p',
    to: 'a/1' as never,
    from: 'external:x',
    event: { type: 'poison', text: text.slice(0, 25_000) },
  });
  await expect.poll(() => status('a/1')).toBe('parked');
  const { reason = '' } = (await system.inspect('a/1'))?.parked ?? {};
  expect(reason).toContain(text.slice(0, 50));
  expect(Buffer.byteLength(JSON.stringify(reason))).toBeLessThanOrEqual(1_002);
  await system.stop();
});

test('an actor larger than messaging takes by now can still be ended', async () => {
  const roomy = server({ maxBodyBytes: 60_000 });
  const first = await hostForTests({ a: { machine } }, { server: roomy });
  await first.system.tell('a/1', { type: 'fill', n: 50_000 });
  await expect.poll(() => first.status('a/1')).toBe('active');
  Object.assign(roomy, { maxBodyBytes: 20_000 });
  await first.system.stop();
  const second = await hostForTests({ a: { machine } }, { server: roomy, host: 'n2' });
  await second.system.tell('a/1', { type: 'fill', n: 1 });
  await expect.poll(() => second.alerts.map(({ text }) => text).join()).toContain('cannot be given up');
  await second.system.stopActor('a/1');
  await expect.poll(() => second.status('a/1')).toBe('stopped');
  await second.system.stop();
});

test('an answer that is larger than messaging takes fails its question, not the actor', async () => {
  const { system, status } = await hostForTests({ a: { machine } }, { server: server({ maxBodyBytes: 60_000 }) });
  await system.tell('a/1', { type: 'fill', n: 40_000 });
  const wide = setup({}).createMachine({ on: { get: { actions: reply(() => 'x'.repeat(70_000)) } } });
  expect(await system.ask('a/1', { type: 'get' })).toHaveLength(40_000);
  await system.stop();
  const next = await hostForTests({ b: { machine: wide } }, { server: server({ maxBodyBytes: 60_000 }), host: 'n2' });
  for (let i = 0; i < 4; i += 1) {
    await expect(next.system.ask('b/1', { type: 'get' })).rejects.toMatchObject({
      code: 'NOT_ANSWERED',
      message: expect.stringContaining('the event was taken, but its answer of'),
    });
  }
  expect([await status('a/1'), await next.status('b/1')]).toEqual(['active', 'active']);
  await next.system.stop();
});

/** As a disk that syncs some hundred times a second. */
class Slow extends MemoryTransport {
  override async deliver(message: MailboxMessage): Promise<void> {
    if (!message.from.startsWith('external:')) await sleep(systemClock, 1);
    return super.deliver(message);
  }
}

test('an actor whose messages wait to be sent is slowed down, not parked, when they take the room of its next step', async () => {
  const sender = createMachine({
    on: {
      send: {
        actions: tell(() =>
          Array.from({ length: 10 }, () => ({ to: 'sink/1', event: { type: 'x', text: 'x'.repeat(2_000) } })),
        ),
      },
    },
  });
  const sink = setup({ types: { context: {} as { n: number } } }).createMachine({
    context: { n: 0 },
    on: { x: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  });
  const narrow = server({ maxBodyBytes: 40_000, atomicOutgoing: false });
  const kinds = { s: { machine: sender }, sink: { machine: sink } };
  const { system, status, context } = await hostForTests(kinds, {
    ...{ server: narrow, transport: new Slow(narrow), limits: { snapshotBytes: 5_000 } },
  });
  for (let i = 0; i < 6; i += 1) await system.tell('s/1', { type: 'send' });
  await expect.poll(() => context('sink/1'), { timeout: 5_000 }).toEqual({ n: 60 });
  expect(await status('s/1')).toBe('active');
  await system.stop();
});

test('the numbers of its senders do not count against the limit of an actor', async () => {
  const counted = server({ atomicOutgoing: false });
  const { system, status } = await hostForTests(
    { a: { machine } },
    { server: counted, limits: { snapshotBytes: 5_000 } },
  );
  for (let i = 0; i < 300; i += 1) {
    const from = `job/${String(i).padStart(12, '0')}`;
    counted.deliver({ id: `s${i}`, to: 'a/1' as never, from, sequence: 2 ** 20 + 1, event: { type: 'fill', n: 1 } });
  }
  await expect.poll(async () => (await system.inspect('a/1'))?.step).toBe(300);
  expect(await status('a/1')).toBe('active');
  await system.stop();
});

test('what comes after a message that no mailbox takes is taken, and its receiver is told of the gap', async () => {
  class Narrow extends MemoryTransport {
    override async deliver(message: MailboxMessage): Promise<void> {
      if (message.event.type === 'big') throw new SnapshotTooLarge('the servers take less than that now');
      return super.deliver(message);
    }
  }
  const sender = setup({ types: { events: {} as { type: 'go'; what: string } } }).createMachine({
    on: { go: { actions: tell(({ event }) => ({ to: 'sink/1', event: { type: event.what } })) } },
  });
  const sink = setup({ types: { context: {} as { heard: string[] } } }).createMachine({
    context: { heard: [] },
    on: { '*': { actions: assign({ heard: ({ context, event }) => [...context.heard, event.type] }) } },
  });
  const boxes = server({ atomicOutgoing: false });
  const kinds = { s: { machine: sender }, sink: { machine: sink } };
  const { system, context } = await hostForTests(kinds, { server: boxes, transport: new Narrow(boxes) });
  for (const what of ['add', 'big', 'more']) await system.tell('s/1', { type: 'go', what });
  await expect.poll(() => context('sink/1')).toEqual({ heard: ['add', 'actor.undelivered', 'more'] });
  expect((await system.deadLetters()).map(({ reason }) => reason)).toEqual(['the servers take less than that now']);
  await system.stop();
});
