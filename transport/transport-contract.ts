import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Address, type Delivery, type MailboxMessage, StaleCommit, type Transport } from '#actors';

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
 * What every implementation of `Transport` must do. `make` gives transports that share one store, as two hosts would;
 * `partitionOf` says where an address lives.
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

    test('outgoing messages arrive with the commit, and never with a refused one', async () => {
      if (!one.atomicOutgoing) return;
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
