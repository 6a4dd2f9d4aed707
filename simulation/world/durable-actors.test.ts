import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { address, createActorSystem, MemoryServer, MemoryTransport, type Transport } from '#actors';
import { nodeId } from '#machines';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { SimBus } from './bus.ts';
import { SimHost } from './host.ts';
import { SimMembers } from './members.ts';
import { SimNetwork } from './network.ts';
import { openTransport } from './transport.ts';

const counter = setup({
  types: { context: {} as { count: number }, events: {} as { type: 'add' } }, // XState's way to name types
}).createMachine({
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
});

/** Ten messages, told on n2, while n1 (the first owner of some partitions) loses its power in the middle. */
async function run(seed: string, lossPercent: number): Promise<number> {
  const time = new VirtualTime();
  const names = ['n1', 'n2', 'n3'].map(nodeId);
  const hosts = new Map(names.map((name) => [name, new SimHost(name, time)]));
  const settings = { delayMs: 1, jitterMs: 5, lossPercent, duplicatePercent: lossPercent };
  const network = new SimNetwork(settings, new SeededRandom(seed));
  const members = new SimMembers({
    ...{ time, network, random: new SeededRandom(`${seed}/members`), electionMs: [500, 3000], routed: true },
    hosts: [...hosts.values()],
  });
  const bus = new SimBus(time, network, members);
  const inner = new MemoryTransport(
    new MemoryServer({ partitions: 8, clock: { nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) } }),
  );
  const transports: Transport[] = [];
  for (const host of hosts.values()) {
    host.powerOn();
    host.booted = true;
    const random = new SeededRandom(`${seed}/${host.name}`);
    const process = host.startProcess();
    const transport = openTransport(inner, bus, process, time, network, members);
    const system = createActorSystem({
      transport,
      clock: process.clock,
      random: () => random.next(),
      host: host.name,
      onAlert: () => {},
    });
    system.register('counter', { machine: counter, version: 1, events: z.object({ type: z.literal('add') }) });
    transports.push(transport);
    process.run(() => void system.start());
  }
  for (let i = 0; i < 10; i += 1) {
    const message = { id: `add-${i}`, to: address(`counter/c${i % 3}`), from: 'external:test', event: { type: 'add' } };
    // A client that heard nothing sends the same message again.
    const send = () => void transports[1]?.deliver(message).catch(() => time.after(500, send));
    time.after(5000 + i * 1000, send);
  }
  time.after(9500, () => hosts.get(nodeId('n1'))?.powerOff());
  await time.run(60_000, () => {});
  let sum = 0;
  for (const id of ['c0', 'c1', 'c2']) {
    const entry = await inner.latest(address(`counter/${id}`));
    const found = /"count":(\d+)/.exec(entry?.body ?? '');
    sum += Number(found?.[1] ?? 0);
  }
  return sum;
}

test('no message is lost or applied twice when a host dies', async () => {
  for (let seed = 1; seed <= 5; seed += 1) expect(await run(`seed ${seed}`, 0)).toBe(10);
});

test('nor when packets are lost and doubled', async () => {
  for (let seed = 1; seed <= 5; seed += 1) expect(await run(`seed ${seed}`, 5)).toBe(10);
});
