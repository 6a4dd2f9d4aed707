import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Address, type Delivery, type MailboxMessage, partitionOf, type Transport } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const PARTITIONS = 4;
const nats = serversForTests(3);
let raw: NatsConnection;
beforeAll(async () => {
  raw = await connect({ servers: [...nats.urls] });
});
afterAll(async () => {
  await raw?.close();
});

const opened: Transport[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

async function host(stream: string): Promise<Transport> {
  const options = { servers: nats.urls, name: `host-${opened.length}`, stream, partitions: PARTITIONS };
  const transport = await connectJetStream({ ...options, timeoutMs: 10_000 });
  opened.push(transport);
  return transport;
}

/** Subjects stored: packs, and messages by themselves. */
async function stored(stream: string): Promise<{ packs: number; singles: number }> {
  const { streams } = await jetstreamManager(raw);
  const { state } = await streams.info(stream, { subjects_filter: `${stream}.q.>` });
  const subjects = Object.keys(state.subjects ?? {});
  const packs = subjects.filter((subject) => subject.startsWith(`${stream}.q.p.`)).length;
  return { packs, singles: subjects.length - packs };
}

const senders = Array.from({ length: 40 }, (_, i) => `sender/${i}` as Address);
const receiverIn = (partition: number): Address => {
  for (let i = 0; ; i += 1) {
    const address = `receiver/${i}` as Address;
    if (partitionOf(address, PARTITIONS) === partition) return address;
  }
};
const receivers = Array.from({ length: PARTITIONS }, (_, partition) => receiverIn(partition));

/** Each sender's steps, one after the other; all senders at once. Each step sends one message to each of `to`. */
function senderOf(transport: Transport) {
  const sequences = new Map<Address, number>();
  let round = 0;
  return async (to: readonly Address[]): Promise<void> => {
    round += 1;
    await Promise.all(
      senders.map(async (address) => {
        const outgoing = to.map((receiver): MailboxMessage => {
          const id = `${address}>${receiver}#${round}`;
          return { id, to: receiver, from: address, sequence: round, event: { type: 'x' } };
        });
        const expectedSequence = sequences.get(address) ?? 0;
        const step = { address, expectedSequence, commitId: `${address}-${round}`, body: '{}', outgoing };
        sequences.set(address, await transport.commit(step));
      }),
    );
  };
}

type Take = (delivery: Delivery) => void;

async function serve(transport: Transport, partitions: readonly number[], take: Take) {
  const consumers = await Promise.all(partitions.map((partition) => transport.consume(partition, take)));
  return async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  };
}

/** Hosts tell each other first that they keep up. */
async function untilPacked(stream: string, send: () => Promise<void>): Promise<void> {
  await expect
    .poll(
      async () => {
        await send();
        return (await stored(stream)).packs;
      },
      { timeout: 20_000, interval: 200 },
    )
    .toBeGreaterThan(0);
}

describe('What the steps of a moment send, stored as one', () => {
  test('comes to the hosts of all receivers in order, each message once, and is removed when all took it', async () => {
    const [one, two] = [await host('spread'), await host('spread')];
    const came = new Map<string, number[]>();
    const take: Take = (delivery) => {
      const { from, to, sequence = 0 } = delivery.message;
      const lane = `${from}>${to}`;
      came.set(lane, [...(came.get(lane) ?? []), sequence]);
      delivery.ack(delivery.doneBelow());
    };
    await serve(one, [0, 1], take);
    await serve(two, [2, 3], take);
    const send = senderOf(one);
    let rounds = 0;
    const round = (): Promise<void> => {
      rounds += 1;
      return send(receivers);
    };
    await untilPacked('spread', round);
    for (let more = 0; more < 20; more += 1) await round();
    const wanted = Array.from({ length: rounds }, (_, i) => i + 1);
    await expect.poll(() => [...came.values()].flat().length, { timeout: 20_000 }).toBe(160 * rounds);
    for (const [lane, sequences] of came) expect(sequences, lane).toEqual(wanted);
    await expect.poll(() => stored('spread'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
  });

  test('comes again to the next owner as far as it was not taken', async () => {
    const [one, two] = [await host('handover'), await host('handover')];
    const kept: Delivery[] = [];
    let keeping = false;
    const known = new Set<string>();
    const take: Take = (delivery) => {
      known.add(delivery.message.id);
      delivery.ack(delivery.doneBelow());
    };
    const stop = await serve(one, [0, 1, 2, 3], (delivery) => {
      if (keeping && delivery.message.to === receivers[1]) kept.push(delivery);
      else take(delivery);
    });
    const send = senderOf(one);
    await untilPacked('handover', () => send(receivers));
    await expect.poll(() => stored('handover'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
    keeping = true;
    await send(receivers);
    await expect.poll(() => kept.length).toBe(40);
    const [taken, left] = [kept.slice(0, 15), kept.slice(15)];
    for (const delivery of taken) take(delivery);
    await stop();
    const again: string[] = [];
    await serve(two, [0, 1, 2, 3], (delivery) => {
      // What was taken may still be stored, because others needed its pack: actors know it by their state.
      if (!known.has(delivery.message.id)) again.push(delivery.message.id);
      take(delivery);
    });
    const wanted = left.map(({ message }) => message.id);
    await expect.poll(() => again, { timeout: 20_000 }).toEqual(wanted);
    await expect.poll(() => stored('handover'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
  });

  test('stays only in part when an actor takes nothing, and that actor is sent single messages', async () => {
    const one = await host('stuck');
    const kept: Delivery[] = [];
    let keeping = false;
    let taken = 0;
    await serve(one, [0, 1, 2, 3], (delivery) => {
      if (keeping && delivery.message.to === receivers[2]) kept.push(delivery);
      else {
        taken += 1;
        delivery.ack(delivery.doneBelow());
      }
    });
    const sendRound = senderOf(one);
    let rounds = 0;
    const send = (to: readonly Address[]): Promise<void> => {
      rounds += 1;
      return sendRound(to);
    };
    await untilPacked('stuck', () => send(receivers));
    await expect.poll(() => stored('stuck'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
    keeping = true;
    const roundsBefore = rounds;
    await send(receivers);
    await expect.poll(() => kept.length).toBe(40);
    const needed = new Set(kept.map(({ position }) => Math.floor(position))).size;
    await expect.poll(async () => (await stored('stuck')).packs, { timeout: 20_000 }).toBeLessThanOrEqual(needed);
    // One letter is the first of its pack and has the position of a single message.
    const packed = (deliveries: readonly Delivery[]): Delivery[] =>
      deliveries.filter(({ position }) => !Number.isInteger(position));
    await expect
      .poll(
        async () => {
          await send(receivers);
          return packed(kept.slice(-40));
        },
        { timeout: 20_000, interval: 200 },
      )
      .toEqual([]);
    await expect.poll(() => taken, { timeout: 20_000 }).toBe(160 * roundsBefore + 120 * (rounds - roundsBefore));
    // On a busy machine that takes more rounds than one actor may have in memory: the rest is left in the stream.
    const inMemory = Math.min(40 * (rounds - roundsBefore), 256);
    await expect.poll(() => kept.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(inMemory);
    const [before, stuck] = [taken, kept.length];
    for (let more = 0; more < 5; more += 1) await send(receivers);
    await expect.poll(() => taken - before, { timeout: 20_000 }).toBe(5 * 120);
    expect(packed(kept.slice(stuck))).toEqual([]);
    const inPacks = new Set(packed(kept).map(({ position }) => Math.floor(position)));
    await expect.poll(async () => (await stored('stuck')).packs, { timeout: 20_000 }).toBeLessThanOrEqual(inPacks.size);
    keeping = false;
    const late = kept.splice(0);
    for (const delivery of late) delivery.ack(delivery.doneBelow());
    await expect.poll(() => taken + late.length, { timeout: 20_000 }).toBe(160 * rounds);
    await expect.poll(() => stored('stuck'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
  });

  test('and what is no pack on such a subject is kept as a dead letter and holds up nobody', async () => {
    const one = await host('broken');
    let taken = 0;
    await serve(one, [0, 1, 2, 3], (delivery) => {
      taken += 1;
      delivery.ack(delivery.doneBelow());
    });
    await raw.request('broken.q.p.strange', 'not a pack');
    await raw.request('broken.q.p.far', '[[4,2]]\n{}');
    await senderOf(one)(receivers);
    await expect.poll(() => taken).toBe(160);
    await expect
      .poll(() => one.deadLetters(10), { timeout: 20_000 })
      .toEqual(
        ['not a pack', '[[4,2]]\n{}'].map((message) => ({
          message,
          reason: expect.stringContaining('not a mailbox message'),
        })),
      );
    await expect.poll(() => stored('broken'), { timeout: 20_000 }).toEqual({ packs: 0, singles: 0 });
  });
});
