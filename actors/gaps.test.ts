import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { Gaps } from './gaps.ts';
import { hostForTests } from './host-for-tests.ts';
import { type Delivery, MemoryServer, MemoryTransport, sleep, systemClock, TransportUnavailable, tell } from './mod.ts';

const machine = setup({ types: { context: {} as { seen: number[] } } }).createMachine({
  context: { seen: [] },
  on: {
    add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.at] }) },
    pass: { actions: tell(({ event }) => ({ to: 'a/1', event: { type: 'add', at: event.at } })) },
  },
});

/** Loses a message on its way from the mailbox to the host, as often as told; with messaging away when it is read again. */
class LosingTransport extends MemoryTransport {
  losses = 1;
  refusals = 2;
  reads = 0;

  override async consume(partition: number, receive: (delivery: Delivery) => void) {
    this.reads += 1;
    if (this.reads > 1 && this.refusals-- > 0) throw new TransportUnavailable('no leader');
    return super.consume(partition, (delivery) => {
      if (delivery.message.event.at !== 2 || delivery.message.to !== 'a/1' || this.losses-- <= 0) receive(delivery);
    });
  }
}

test('a message that got lost on the way from its mailbox is looked for there: those that wait for it are taken', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const transport = new LosingTransport(server);
  const { system, alerts, context } = await hostForTests(
    { a: { machine } },
    { server, transport, limits: { gapMs: 30 } },
  );
  for (const at of [1, 2, 3, 4]) await system.tell('a/peer', { type: 'pass', at });
  await expect.poll(() => context('a/1')).toEqual({ seen: [1, 2, 3, 4] });
  await expect.poll(() => server.mailbox(0).size).toBe(0);
  expect(alerts.find(({ code }) => code === 'SEQUENCE_GAP')).toMatchObject({
    address: 'a/1',
    text: expect.stringMatching(
      /^a\/1 waits for a message of a\/peer before \d+ for \d+ ms: its mailbox is read again/,
    ),
  });
  expect(transport.reads).toBe(4);
  await system.stop();
});

test('a host that stops while it reads again holds no mailbox', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const transport = new LosingTransport(server);
  transport.losses = Number.POSITIVE_INFINITY;
  transport.refusals = Number.POSITIVE_INFINITY;
  const { system } = await hostForTests({ a: { machine } }, { server, transport, limits: { gapMs: 5 } });
  for (const at of [1, 2, 3]) await system.tell('a/peer', { type: 'pass', at });
  await expect.poll(() => transport.reads).toBeGreaterThan(2);
  await system.stop();
  const { reads } = transport;
  await sleep(systemClock, 100);
  expect(transport.reads).toBe(reads);
});

test('what is missing for good is looked for less and less often, but never given up', () => {
  const gaps = new Gaps(15_000);
  const looked: number[] = [];
  for (let second = 0; second <= 3_600; second += 1) {
    if (gaps.early('a/peer', second * 1_000) !== undefined) looked.push(second);
  }
  expect(looked).toEqual([15, 30, 60, 120, 240, 480, 960, 1_560, 2_160, 2_760, 3_360]);
});

test('a gap that was closed begins anew', () => {
  const gaps = new Gaps(10);
  expect(gaps.early('a/x', 0)).toBeUndefined();
  gaps.closed('a/x');
  expect(gaps.early('a/x', 11)).toBeUndefined();
  expect(gaps.early('a/y', 12)).toBeUndefined();
  expect(gaps.early('a/x', 21)).toBe(10);
});
