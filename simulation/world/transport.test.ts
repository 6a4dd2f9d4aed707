import { expect, test } from 'vitest';
import { address, type Delivery, MemoryServer, MemoryTransport } from '#actors';
import { nodeId } from '#machines';
import { SimBus } from './bus.ts';
import { testWorld } from './test-world.ts';
import { openTransport } from './transport.ts';

const TO = address('counter/1');
const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(nodeId);

/** Messaging on three hosts, and what a process on n3 sees of it, whose packets take `delayMs` each way. */
function client(delayMs: number, duplicatePercent = 0) {
  const { host, network, members, pass, time } = testWorld(['n1', 'n2', 'n3']);
  if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error('three names were given');
  network.setLink(n3, { delayMs, jitterMs: 0, lossPercent: 0, duplicatePercent });
  const clock = { nowMs: () => time.now, after: (ms: number, fire: () => void) => time.after(ms, fire) };
  const inner = new MemoryTransport(new MemoryServer({ partitions: 1, clock }));
  const service = members(true);
  const bus = new SimBus(time, network, service);
  const transport = openTransport(inner, bus, host('n3').startProcess(), time, network, service);
  return {
    inner,
    transport,
    pass,
    send: (id: number) => inner.deliver({ id: `${id}`, to: TO, from: 'vm/a', sequence: id, event: { type: 'add' } }),
    cut: () => network.partition([[n1, n2], [n3]]),
    heal: () => network.heal(),
  };
}

/** What came of it, once it is settled: how it was refused, or undefined. */
function refusalOf(work: Promise<unknown>): { readonly error: unknown } {
  const refusal: { error: unknown } = { error: undefined };
  work.catch((error: unknown) => {
    refusal.error = error;
  });
  return refusal;
}

test('a process whose answer got lost does not consume: it is handed nothing', async () => {
  const { transport, pass, send, cut, heal } = client(100);
  const handed: string[] = [];
  const refusal = refusalOf(transport.consume(0, ({ message }) => handed.push(message.id)));
  await pass(150); // the servers have it
  cut();
  await pass(5_000);
  heal();
  await pass(5_000);
  await send(1);
  await pass(20_000);
  expect(refusal.error).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  expect(handed).toEqual([]);
});

test('nor does one whose request arrives after it gave up', async () => {
  const { transport, pass, send } = client(4_000);
  const handed: string[] = [];
  const refusal = refusalOf(transport.consume(0, ({ message }) => handed.push(message.id)));
  await pass(10_000);
  await send(1);
  await pass(20_000);
  expect(refusal.error).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  expect(handed).toEqual([]);
});

test('nor does one watch that never heard that it does', async () => {
  const { inner, transport, pass, cut, heal } = client(100);
  const seen: string[] = [];
  const refusal = refusalOf(transport.watch(['counter'], ({ commitId }) => seen.push(commitId)));
  await pass(150);
  cut();
  await pass(5_000);
  heal();
  await inner.commit({ address: TO, expectedSequence: 0, commitId: 'a', body: '1', outgoing: [] });
  await pass(5_000);
  expect(refusal.error).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  expect(seen).toEqual([]);
});

test('a consumer that was cut off reads again what nobody acknowledged, each once', async () => {
  const { transport, pass, send, cut, heal } = client(10);
  const handed: string[] = [];
  let isTaking = false;
  const take = (delivery: Delivery) => {
    handed.push(delivery.message.id);
    if (isTaking) delivery.ack();
  };
  const refusal = refusalOf(transport.consume(0, take));
  await pass(500);
  await send(1);
  await pass(500);
  cut();
  await Promise.all([2, 3].map(send));
  await pass(2_000);
  isTaking = true;
  heal();
  await pass(30_000);
  expect(refusal.error).toBeUndefined();
  expect(handed).toEqual(['1', '1', '2', '3']);
});

test('a message whose connection breaks before the answer is stored twice, under the same id', async () => {
  const { inner, transport, pass } = client(100, 100);
  const stored: string[] = [];
  await inner.consume(0, ({ message }) => stored.push(message.id));
  const told = transport.deliver({ id: 'a', to: TO, from: 'external:x', event: { type: 'add' } });
  await pass(5_000);
  await told;
  expect(stored).toEqual(['a', 'a']);
});
