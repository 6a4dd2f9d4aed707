import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Address, type Delivery, type MailboxMessage, StaleCommit, type Transport } from '#actors';

/** Messages from outside that a mailbox takes in these tests. */
export const CONTRACT_MAILBOX = 50;

/** Distinct addresses, so that the tests of one run do not see each other's actors. */
let made = 0;
function newAddress(kind = 'vm'): Address {
  made += 1;
  // Built to be `kind/id`.
  return `${kind}/test-${made}` as Address;
}

function message(to: Address, id: string, extra: Partial<MailboxMessage> = {}): MailboxMessage {
  return { id, to, from: 'external:test', event: { type: 'ping', id }, ...extra };
}

/**
 * What every implementation of `Transport` must do. `make` gives transports that share one store, as two hosts would, with
 * mailboxes of `CONTRACT_MAILBOX` messages; `partitionOf` says where an address lives.
 */
export function transportContract(
  name: string,
  make: () => Promise<Transport>,
  partitionOf: (address: Address, partitions: number) => number,
): void {
  describe(`Transport contract: ${name}`, () => {
    let one: Transport;
    let two: Transport;
    beforeAll(async () => {
      [one, two] = await Promise.all([make(), make()]);
    });
    afterAll(async () => {
      await Promise.all([one?.close(), two?.close()]);
    });
    const place = (address: Address): number => partitionOf(address, one.partitions);

    test('commits append one by one and are read back', async () => {
      const address = newAddress();
      expect(await one.latest(address)).toBeUndefined();
      const first = await one.commit({ address, expectedSequence: 0, commitId: 'a', body: '{"n":1}', outgoing: [] });
      const second = await one.commit({ address, expectedSequence: first, commitId: 'b', body: '2', outgoing: [] });
      expect(second).toBeGreaterThan(first);
      expect(await two.latest(address)).toEqual({ address, sequence: second, commitId: 'b', body: '2' });
      expect((await two.history(address, 10)).map((entry) => entry.sequence)).toEqual([first, second]);
      expect((await two.history(address, 1)).map((entry) => entry.commitId)).toEqual(['b']);
    });

    test('a stale expectation is refused and changes nothing', async () => {
      const address = newAddress();
      const sequence = await one.commit({ address, expectedSequence: 0, commitId: 'a', body: '1', outgoing: [] });
      for (const expectedSequence of [0, sequence + 1000]) {
        const late = two.commit({ address, expectedSequence, commitId: 'z', body: '2', outgoing: [] });
        await expect(late).rejects.toBeInstanceOf(StaleCommit);
      }
      expect((await one.latest(address))?.commitId).toBe('a');
    });

    test('the very same commit again succeeds with the same sequence', async () => {
      const address = newAddress();
      const step = { address, expectedSequence: 0, commitId: 'same', body: '1', outgoing: [] };
      const sequence = await one.commit(step);
      expect(await one.commit(step)).toBe(sequence);
      expect(await two.commit(step)).toBe(sequence);
      await one.commit({ ...step, expectedSequence: sequence, commitId: 'next' });
      await expect(two.commit(step)).rejects.toBeInstanceOf(StaleCommit);
    });

    test('of the very same commit sent twice at once both succeed or say that they do not know; it lands once', async () => {
      for (let round = 0; round < 30; round += 1) {
        const step = { address: newAddress('twice'), expectedSequence: 0, commitId: 'same', body: '1', outgoing: [] };
        const results = await Promise.allSettled([one.commit(step), two.commit(step), one.commit(step)]);
        const landed = (await one.latest(step.address))?.sequence;
        for (const result of results) {
          if (result.status === 'fulfilled') expect(result.value).toBe(landed);
          else expect(result.reason).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', retryable: true });
        }
        expect(await two.commit(step), 'repeated once it is quiet').toBe(landed);
        expect(await two.history(step.address, 10)).toHaveLength(1);
      }
    });

    test('the same id with a stale expectation and another step in between is refused, never taken for landed', async () => {
      const address = newAddress();
      const step = { address, body: '1', outgoing: [] };
      const first = await one.commit({ ...step, expectedSequence: 0, commitId: 'a' });
      const second = await two.commit({ ...step, expectedSequence: first, commitId: 'b' });
      await expect(one.commit({ ...step, expectedSequence: 0, commitId: 'a' })).rejects.toBeInstanceOf(StaleCommit);
      // Own id at the end, but computed from an older state: it is what landed, so it succeeds with that sequence.
      expect(await two.commit({ ...step, expectedSequence: first, commitId: 'b' })).toBe(second);
      expect(await one.history(address, 10)).toHaveLength(2);
    });

    test('in a race of two hosts exactly one wins each step', async () => {
      const address = newAddress();
      let sequence = 0;
      for (let round = 0; round < 20; round += 1) {
        const step = { address, expectedSequence: sequence, body: '1', outgoing: [] };
        const results = await Promise.allSettled(
          [one, two, one, two].map((host, i) => host.commit({ ...step, commitId: `${round}-${i}` })),
        );
        const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        expect(won).toHaveLength(1);
        sequence = won[0] ?? 0;
      }
    });

    test('commits of many actors at once all land, the stale ones among them alone refused', async () => {
      const addresses = Array.from({ length: 40 }, () => newAddress());
      const results = await Promise.allSettled(
        addresses.map((address, i) =>
          one.commit({
            address,
            expectedSequence: i % 10 === 7 ? 9_999_999 : 0,
            commitId: 'c',
            body: '1',
            outgoing: [],
          }),
        ),
      );
      for (const [i, result] of results.entries()) {
        const address = addresses[i] ?? newAddress();
        const latest = await two.latest(address);
        if (i % 10 === 7) {
          expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STALE_COMMIT' } });
          expect(latest).toBeUndefined();
        } else expect(result).toEqual({ status: 'fulfilled', value: latest?.sequence });
      }
    });

    test('messages come in order, again after a nak, never again after an ack', async () => {
      const address = newAddress();
      for (const id of ['1', '2', '3'])
        await two.deliver(message(address, id, { replyTo: 'x', from: 'vm/a', sequence: 1 }));
      const seen: Delivery[] = [];
      const consumer = await one.consume(place(address), (delivery) => seen.push(delivery));
      await expect.poll(() => seen.length).toBe(3);
      expect(seen.map((delivery) => delivery.message)).toEqual(
        ['1', '2', '3'].map((id) => message(address, id, { replyTo: 'x', from: 'vm/a', sequence: 1 })),
      );
      seen[0]?.ack();
      seen[1]?.nak(10);
      await expect.poll(() => seen.length).toBe(4);
      expect(seen[3]).toMatchObject({ attempt: 2, message: { id: '2' } });
      const [first, second, third, again] = seen.map((delivery) => delivery.position);
      expect(again, 'the same position however often it is delivered').toBe(second);
      expect([first, second, third], 'positions rise').toEqual(
        [first, second, third].toSorted((a, b) => Number(a) - Number(b)),
      );
      expect(new Set([first, second, third]).size).toBe(3);
      seen[3]?.ack();
      await consumer.stop();
      const later: string[] = [];
      const next = await two.consume(place(address), (delivery) => {
        later.push(delivery.message.id);
        delivery.ack();
      });
      await expect.poll(() => later).toEqual(['3']);
      await one.deliver(message(address, '4'));
      await expect.poll(() => later).toEqual(['3', '4']);
      await next.stop();
    });

    test('each consumer of a partition is handed all that is stored: one that takes nothing keeps nothing from another', async () => {
      const address = newAddress();
      const [mine, theirs]: [string[], string[]] = [[], []];
      const into = (ids: string[], act: (delivery: Delivery) => void) => (delivery: Delivery) => {
        if (delivery.message.to !== address) return;
        ids.push(delivery.message.id);
        act(delivery);
      };
      await one.deliver(message(address, '1'));
      const taking = await one.consume(
        place(address),
        into(mine, (delivery) => mine.length > 2 && delivery.ack()),
      );
      await expect.poll(() => mine).toEqual(['1']);
      // The newer one, of a host that wrongly believes it owns the partition and takes nothing.
      const idle = await two.consume(
        place(address),
        into(theirs, () => {}),
      );
      await one.deliver(message(address, '2'));
      await expect
        .poll(() => [mine, theirs])
        .toEqual([
          ['1', '2'],
          ['1', '2'],
        ]);
      await one.deliver(message(address, '3'));
      await expect.poll(() => mine).toEqual(['1', '2', '3']);
      await taking.stop();
      await idle.stop();
    });

    test('outgoing messages arrive with the commit, and never with a refused one', async () => {
      if (!one.atomicOutgoing) {
        const [address, target] = [newAddress(), newAddress('node')];
        const ids: string[] = [];
        const consumer = await two.consume(place(target), (delivery) => ids.push(delivery.message.id));
        const step = { address, expectedSequence: 0, commitId: 'a', body: '1', outgoing: [message(target, 'left')] };
        await one.commit(step);
        await one.deliver(message(target, 'right'));
        await expect.poll(() => ids, { message: 'the runtime sends the others, from its outbox' }).toEqual(['right']);
        await consumer.stop();
        return;
      }
      const [address, target] = [newAddress(), newAddress('node')];
      const ids: string[] = [];
      const consumer = await two.consume(place(target), (delivery) => {
        ids.push(delivery.message.id);
        delivery.ack();
      });
      const step = { address, expectedSequence: 0, body: '1' };
      const good = { ...step, commitId: 'good', outgoing: [message(target, 'good-1'), message(target, 'good-2')] };
      const sequence = await one.commit(good);
      const bad = { ...step, commitId: 'bad', outgoing: [message(target, 'bad')] };
      await expect(one.commit(bad)).rejects.toBeInstanceOf(StaleCommit);
      const after = { ...step, expectedSequence: sequence, commitId: 'after', outgoing: [message(target, 'after')] };
      await one.commit(after);
      await expect.poll(() => ids).toEqual(['good-1', 'good-2', 'after']);
      await consumer.stop();
    });

    test('a delivery says whether its message is still stored', async () => {
      const address = newAddress();
      const [mine, theirs]: [Delivery[], Delivery[]] = [[], []];
      // Other tests leave messages in the partition.
      const into = (kept: Delivery[]) => (delivery: Delivery) => {
        if (delivery.message.to === address) kept.push(delivery);
      };
      const first = await one.consume(place(address), into(mine));
      await one.deliver(message(address, 'x'));
      await expect.poll(() => mine.length).toBe(1);
      expect(await mine[0]?.isStored()).toBe(true);
      await first.stop();
      const second = await two.consume(place(address), into(theirs));
      await expect.poll(() => theirs.length).toBe(1);
      theirs[0]?.ack();
      await expect.poll(() => mine[0]?.isStored()).toBe(false);
      await second.stop();
    });

    test('an actor that takes nothing holds up neither its neighbours nor what is urgent', async () => {
      const stuck = newAddress('stuck');
      let neighbour = newAddress('stuck');
      while (place(neighbour) !== place(stuck)) neighbour = newAddress('stuck');
      const kept: Delivery[] = [];
      const seen: string[] = [];
      let stubborn = true;
      const consumer = await two.consume(place(stuck), (delivery) => {
        if (delivery.message.to === stuck && stubborn && delivery.message.urgent !== true) kept.push(delivery);
        else {
          if (delivery.message.to === stuck) seen.push(delivery.message.id);
          delivery.ack();
        }
        if (delivery.message.to === neighbour) seen.push('neighbour');
      });
      const many = Array.from({ length: 700 }, (_, i) => `${i}`);
      await Promise.all(many.map((id, i) => one.deliver(message(stuck, id, { from: 'vm/a', sequence: i + 1 }))));
      await one.deliver(message(neighbour, 'n'));
      await one.deliver(message(stuck, 'urgent', { urgent: true }));
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['neighbour', 'urgent']);
      stubborn = false;
      for (const delivery of kept) {
        seen.push(delivery.message.id);
        delivery.ack();
      }
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(702);
      expect(seen.slice(2)).toEqual(many);
      await consumer.stop();
    });

    test('a full mailbox refuses senders from outside, takes what actors send, and takes all again once drained', async () => {
      const address = newAddress();
      const refusal = async (): Promise<unknown> => {
        for (let i = 0; i < 2 * CONTRACT_MAILBOX; i += 1) {
          const error = await one.deliver(message(address, `out-${made}-${i}`)).catch((failed: unknown) => failed);
          if (error !== undefined) return error;
        }
        return 'never refused';
      };
      expect(await refusal()).toMatchObject({ code: 'MAILBOX_FULL', retryable: true });
      expect(await one.isFull(address)).toBe(true);
      await one.deliver(message(address, 'inside', { from: 'vm/a', sequence: 1 }));
      await one.deliver(message(address, 'control', { urgent: true }));
      const taken: string[] = [];
      const consumer = await two.consume(place(address), (delivery) => {
        if (delivery.message.to === address) taken.push(delivery.message.id);
        delivery.ack();
      });
      await expect.poll(() => taken.includes('inside') && taken.includes('control')).toBe(true);
      await expect.poll(async () => one.isFull(address)).toBe(false);
      expect(await one.deliver(message(address, 'again'))).toBeUndefined();
      await consumer.stop();
    });

    test('a mailbox takes no more of messages that are sent all at once', async () => {
      const address = newAddress();
      const all = Array.from({ length: 10 * CONTRACT_MAILBOX }, (_, i) => message(address, `at-once-${i}`));
      const results = await Promise.allSettled(all.map((each) => one.deliver(each)));
      const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
      expect(new Set(refused)).toEqual(new Set(['MAILBOX_FULL']));
      expect(results.length - refused.length).toBeLessThanOrEqual(CONTRACT_MAILBOX);
      const taken: string[] = [];
      const consumer = await two.consume(place(address), (delivery) => {
        if (delivery.message.to === address) taken.push(delivery.message.id);
        delivery.ack();
      });
      await expect.poll(() => taken.length).toBe(results.length - refused.length);
      await consumer.stop();
    });

    test('refused messages are kept with their reason, the largest too', async () => {
      const refused = { id: 'x', to: newAddress(), from: 'external:test', event: { type: 'odd' } };
      await one.deadLetter(refused, 'does not fit');
      await one.deadLetter('no message at all', 'not JSON');
      await one.deadLetter({ ...refused, event: { type: 'odd', big: 'x'.repeat(1_040_000) } }, 'too large');
      const letters = await two.deadLetters(100);
      expect(letters).toEqual(
        expect.arrayContaining([
          { message: refused, reason: 'does not fit' },
          { message: 'no message at all', reason: 'not JSON' },
          { message: expect.anything(), reason: 'too large' },
        ]),
      );
      expect(await two.deadLetters(1)).toHaveLength(1);
    });

    test('a scheduled message comes late, never early; a later one of its name takes its place', async () => {
      if (!one.schedules) return;
      const address = newAddress();
      const came: string[] = [];
      const startMs = performance.now();
      const consumer = await two.consume(place(address), (delivery) => {
        if (delivery.message.to !== address) return;
        came.push(delivery.message.id);
        expect(performance.now() - startMs).toBeGreaterThanOrEqual(delivery.message.id === 'short' ? 100 : 300);
        delivery.ack();
      });
      const step = { address, body: '1', outgoing: [] };
      const at = (name: string, delayMs: number, id: string) => ({ name, delayMs, message: message(address, id) });
      const scheduled = [at('a', 100, 'replaced'), at('b', 100, 'short')];
      const first = await one.commit({ ...step, expectedSequence: 0, commitId: '1', scheduled });
      await one.commit({ ...step, expectedSequence: first, commitId: '2', scheduled: [at('a', 300, 'long')] });
      const stale = { ...step, expectedSequence: first, commitId: '3', scheduled: [at('c', 0, 'of a refused step')] };
      await expect(two.commit(stale)).rejects.toBeInstanceOf(StaleCommit);
      await expect.poll(() => came, { timeout: 10_000 }).toEqual(['short', 'long']);
      await consumer.stop();
    });

    test('a sweep gives the last entry of every actor of the partition', async () => {
      const partition = place(newAddress());
      const mine: Address[] = [];
      while (mine.length < 3) {
        const address = newAddress('sweep');
        if (place(address) === partition) mine.push(address);
      }
      for (const address of mine) {
        const first = await one.commit({ address, expectedSequence: 0, commitId: 'old', body: 'old', outgoing: [] });
        await one.commit({ address, expectedSequence: first, commitId: 'new', body: 'new', outgoing: [] });
      }
      const swept = (await two.sweep(partition)).filter((entry) => entry.address.startsWith('sweep/'));
      expect(swept.map((entry) => entry.address).sort()).toEqual([...mine].sort());
      expect(new Set(swept.map((entry) => entry.body))).toEqual(new Set(['new']));
    });

    test('a watch sees the commits of its kinds from now on', async () => {
      const [watched, other] = [newAddress('watched'), newAddress('other')];
      const first = await one.commit({ address: watched, expectedSequence: 0, commitId: '1', body: '1', outgoing: [] });
      const seen: string[] = [];
      const stop = await two.watch(['watched'], (entry) => seen.push(`${entry.address} ${entry.commitId}`));
      await one.commit({ address: other, expectedSequence: 0, commitId: '1', body: '1', outgoing: [] });
      await one.commit({ address: watched, expectedSequence: first, commitId: '2', body: '2', outgoing: [] });
      await expect.poll(() => seen).toEqual([`${watched} 2`]);
      stop();
    });

    test('odd characters in addresses and ids are kept', async () => {
      const address = `vm/Müller.1 *>=%` as Address;
      const sequence = await one.commit({ address, expectedSequence: 0, commitId: 'odd', body: '1', outgoing: [] });
      expect(await two.latest(address)).toMatchObject({ address, sequence });
      const swept = await two.sweep(place(address));
      expect(swept.map((entry) => entry.address)).toContain(address);
    });

    test('the bus carries messages, answers, failures and time-outs', async () => {
      const heard: unknown[] = [];
      const stop = two.bus.subscribe('test.>', (payload, subject) => heard.push([subject, payload]));
      const stopAnswer = two.bus.answer('ask', async (payload) => {
        if (payload === 'bad') throw new Error('no such thing');
        return { got: payload };
      });
      // A round trip of the subscriber's own connection: its subscriptions are known to the servers afterwards.
      await two.latest(newAddress());
      await expect.poll(() => one.bus.request('ask', 'x', 200).catch(() => undefined)).toEqual({ got: 'x' });
      await expect(one.bus.request('ask', 'bad', 1000)).rejects.toMatchObject({
        code: 'REQUEST_FAILED',
        message: expect.stringContaining('no such thing'),
      });
      await expect(one.bus.request('nobody', 1, 100)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
      one.bus.publish('test.a.b', { n: 1 });
      await expect.poll(() => heard).toEqual([['test.a.b', { n: 1 }]]);
      stop();
      stopAnswer();
    });
  });
}
