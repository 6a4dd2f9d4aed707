import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { freshStart } from './fresh-start.ts';
import { hostForTests } from './host-for-tests.ts';
import { type Address, type Delivery, MemoryServer, MemoryTransport, systemClock, tell } from './mod.ts';

const machine = setup({ types: { context: {} as { n: number } } }).createMachine({
  context: { n: 0 },
  on: {
    add: { actions: assign({ n: ({ context }) => context.n + 1 }) },
    pass: { actions: tell(({ event }) => ({ to: event.to, event: { type: 'add' } })) },
  },
});

test('an actor with a damaged journal is forgotten: it begins anew, hears its old peers, and they hear it', async () => {
  const { system, server, context } = await hostForTests({ a: { machine } });
  const address = 'a/1' as Address;
  for (let i = 0; i < 3; i += 1) await system.tell('a/1', { type: 'add' });
  await system.tell('a/1', { type: 'pass', to: 'a/peer' });
  for (let i = 0; i < 2; i += 1) await system.tell('a/peer', { type: 'pass', to: 'a/1' });
  await expect.poll(() => context('a/peer')).toEqual({ n: 1 });
  await expect.poll(() => context('a/1')).toEqual({ n: 5 });
  const expectedSequence = server.latest(address)?.sequence ?? 0;
  server.commit({ address, expectedSequence, commitId: 'x', body: '{"format":1}', outgoing: [] });
  await system.tell('a/peer', { type: 'pass', to: 'a/1' });
  await expect(system.inspect('a/1')).rejects.toThrow('`understudy actors forget a/1` lets it begin anew');

  expect(await system.forget('a/1')).toBe(true);
  await expect.poll(() => context('a/1')).toEqual({ n: 1 });
  await system.tell('a/1', { type: 'pass', to: 'a/peer' });
  await expect.poll(() => context('a/peer')).toEqual({ n: 2 });
  await system.tell('a/peer', { type: 'pass', to: 'a/1' });
  await expect.poll(() => context('a/1')).toEqual({ n: 2 });
  await system.stop();
});

test('an actor that is well can be forgotten too; one that never was is not', async () => {
  const { system, context } = await hostForTests({ a: { machine } });
  await system.tell('a/1', { type: 'add' });
  await expect.poll(() => context('a/1')).toEqual({ n: 1 });
  expect(await system.forget('a/1')).toBe(true);
  await system.tell('a/1', { type: 'add' });
  await expect.poll(async () => (await system.inspect('a/1'))?.cause.event.type).toBe('add');
  expect(await context('a/1')).toEqual({ n: 1 });
  expect(await system.forget('a/2')).toBe(false);
  expect(await system.inspect('a/2')).toBeUndefined();
  await system.stop();
});

test.each([
  ['of the last step that can be read', ['{"step":41}', '{"step":42}'], 43],
  ['past those that cannot', ['{"step":41}', 'no json', '{}'], 44],
  ['past the position, when none can', ['no json', '{"step":-1}', '{"step":1e300}'], 8],
])('numbering goes on: %s', (_what, bodies, step) => {
  const journal = bodies.map((body, i) => ({ address: 'a/1' as Address, sequence: 5 + i, commitId: '', body }));
  expect(JSON.parse(freshStart(journal, 'n1'))).toMatchObject({ step });
});

/** A host that takes messages and dies before one is removed: whoever comes next is handed all of them again. */
class UnremovingTransport extends MemoryTransport {
  override consume(partition: number, receive: (delivery: Delivery) => void) {
    return super.consume(partition, (delivery) => receive({ ...delivery, ack: () => {} }));
  }
}

test.each([
  ['its last step can be read', undefined],
  ['its state is damaged', (body: string) => JSON.stringify({ ...JSON.parse(body), snapshot: null })],
  ['its last step is nothing that can be read', () => 'no json'],
])(
  'what an actor took before it was forgotten is not taken again, though it is not removed yet: %s',
  async (_what, damage) => {
    const server = new MemoryServer({ clock: systemClock, partitions: 1 });
    const first = await hostForTests({ a: { machine } }, { server, transport: new UnremovingTransport(server) });
    const address = 'a/1' as Address;
    for (let i = 0; i < 3; i += 1) await first.system.tell('a/1', { type: 'add' });
    for (let i = 0; i < 2; i += 1) await first.system.tell('a/peer', { type: 'pass', to: 'a/1' });
    await expect.poll(() => first.context('a/1')).toEqual({ n: 5 });
    first.system.kill();
    const last = server.latest(address);
    if (last === undefined) throw new Error('it took five messages');
    if (damage !== undefined) {
      server.commit({ ...last, expectedSequence: last.sequence, commitId: 'x', body: damage(last.body), outgoing: [] });
    }

    const client = await hostForTests({}, { server, host: 'client' });
    expect(await client.system.forget('a/1')).toBe(true);
    await client.system.stop();
    const second = await hostForTests({ a: { machine } }, { server, host: 'n2' });
    await second.system.tell('a/peer', { type: 'pass', to: 'a/1' });
    await second.system.tell('a/1', { type: 'add' });
    await expect.poll(() => server.mailbox(0).size).toBe(0);
    expect(await second.context('a/1'), 'only what was sent since').toEqual({ n: 2 });
    await second.system.tell('a/peer', { type: 'pass', to: 'a/1' });
    await expect.poll(() => second.context('a/1')).toEqual({ n: 3 });
    await second.system.stop();
  },
);
