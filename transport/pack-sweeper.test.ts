import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryBus } from '../actors/memory-bus.ts';
import { systemClock } from '../actors/system-clock.ts';
import { MOST_NAMED } from './pack-news.ts';
import { PackSweeper } from './pack-sweeper.ts';
import { PackedMessages } from './packed-messages.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const nowMs = (): number => performance.now();

/** Hosts on one bus. `removals` is what the servers were asked for; they confirm while `confirms`. */
function world(partitions: number) {
  const removals: string[] = [];
  const bus = new MemoryBus(systemClock);
  const servers = { confirms: true };
  const host = () => {
    const ask = (what: string, removed: () => void): void => {
      removals.push(what);
      if (servers.confirms) removed();
    };
    const sweeper = new PackSweeper({
      ...{ bus, partitions, identity: 'one', nowMs },
      purge: (below, removed) => ask(`<${below}`, removed),
      remove: (sequence, removed) => ask(`${sequence}`, removed),
    });
    const reader = { position: 0 };
    const serve = (partition: number) => {
      const messages = new PackedMessages(nowMs);
      const member = { partition, messages, position: () => reader.position, isCrowded: () => false };
      sweeper.add(member);
      return { messages, member };
    };
    const read = (...sequences: number[]): void => {
      for (const sequence of sequences) {
        sweeper.seen(sequence);
        reader.position = sequence;
      }
    };
    /** Past messages that are no packs. */
    const readOn = (sequence: number): void => {
      reader.position = sequence;
    };
    return { sweeper, serve, read, readOn };
  };
  return { bus, removals, servers, host };
}

const rounds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 250);

test('a pack is removed when every partition of every host is done with it, and not before', async () => {
  const { removals, host } = world(2);
  const [a, b] = [host(), host()];
  const [one, two] = [a.serve(0), b.serve(1)];
  one.messages.seen(5, 1);
  two.messages.seen(5, 2);
  a.read(5, 8);
  b.read(5, 8);
  const gone: string[] = [];
  one.messages.acknowledged(5, () => gone.push('one'));
  two.messages.acknowledged(5, () => gone.push('two, first'));
  await rounds(8);
  expect([removals.includes('5'), removals.some((each) => each.startsWith('<') && each !== '<5')]).toEqual([
    false,
    false,
  ]);
  expect(gone).toEqual([]);
  two.messages.acknowledged(5, () => gone.push('two, second'));
  await rounds(8);
  expect(removals.at(-1)).toBe('<9');
  expect(gone.toSorted()).toEqual(['one', 'two, first', 'two, second']);
});

test('nothing is removed while a partition has no host that says what it needs', async () => {
  const { removals, host } = world(2);
  const a = host();
  a.serve(0);
  a.read(5, 8);
  await rounds(40);
  expect(removals).toEqual([]);
  expect(a.sweeper.mayPack(0), 'nor packed, once they have waited for seconds').toBe(false);
  const b = host();
  b.serve(1);
  b.read(5, 8);
  await rounds(8);
  expect(removals).toEqual(['<9']);
  expect([a.sweeper.mayPack(0), a.sweeper.mayPack(1), b.sweeper.mayPack(0)]).toEqual([true, true, true]);
});

test('an actor that takes nothing keeps only the packs in which it has letters, and is sent no more', async () => {
  const { removals, host } = world(2);
  const a = host();
  const [stuck] = [a.serve(0), a.serve(1)];
  stuck.messages.seen(5, 1);
  stuck.messages.seen(7, 1);
  a.read(3, 5, 6, 7, 9);
  await rounds(4);
  expect(removals.toSorted()).toEqual(['6', '9', '<5']);
  expect([a.sweeper.mayPack(0), a.sweeper.mayPack(1)]).toEqual([false, true]);
  a.read(12);
  await rounds(40);
  expect(removals.toSorted()).toEqual(['12', '6', '9', '<5']);
  expect(a.sweeper.mayPack(1), 'the others go on').toBe(true);
  stuck.messages.acknowledged(5, () => {});
  stuck.messages.acknowledged(7, () => {});
  await rounds(4);
  expect(removals.at(-1)).toBe('<13');
  expect(a.sweeper.mayPack(0)).toBe(true);
});

test('a new owner that reads from the start takes back nothing of what the one before had done', async () => {
  const { removals, servers, host } = world(2);
  const [a, b] = [host(), host()];
  a.serve(0);
  const before = b.serve(1);
  for (const each of [a, b]) each.read(5, 8);
  servers.confirms = false;
  await rounds(4);
  expect(removals).toEqual(['<9']);
  b.sweeper.remove(before.member);
  expect(b.sweeper.mayPack(1)).toBe(false);
  const c = host();
  const { messages } = c.serve(1);
  messages.seen(5, 1);
  c.read(5);
  await rounds(4);
  expect(removals, 'asked once, and not answered yet').toEqual(['<9']);
});

test('more open packs than can be named hold up what lies above them, and nothing else', async () => {
  const { removals, host } = world(1);
  const a = host();
  const { messages } = a.serve(0);
  const packs = Array.from({ length: MOST_NAMED + 100 }, (_, at) => 10 + at);
  a.read(3);
  for (const sequence of packs) messages.seen(sequence, 1);
  a.read(...packs, 9_000);
  await rounds(4);
  expect(removals).toEqual(['<10']);
  for (const sequence of packs.slice(0, 150)) messages.acknowledged(sequence, () => {});
  await rounds(4);
  expect(removals.toSorted()).toEqual(['9000', '<10', '<160']);
});

test('what hosts say of another stream of the same name counts for nothing', async () => {
  const { bus, removals, host } = world(2);
  const a = host();
  a.serve(0);
  a.read(5);
  const news = { quick: [1], slow: [], below: 100, open: [], removed: { below: 1, except: [] } };
  bus.publish('mailboxes.packs', { of: 'another', ...news });
  await rounds(4);
  expect(removals).toEqual([]);
  bus.publish('mailboxes.packs', { of: 'one', ...news });
  await rounds(4);
  expect(removals).toEqual(['<6']);
});

test('a host with more open packs than it can name needs no less of what a partition that joined late has not read', async () => {
  const { removals, host } = world(2);
  const [a, b] = [host(), host()];
  a.serve(0);
  a.read(5, 9_000);
  const { messages } = b.serve(1);
  for (let sequence = 10; sequence < MOST_NAMED + 110; sequence += 1) messages.seen(sequence, 1);
  b.read(5, 9_000);
  const late = { partition: 1, messages: new PackedMessages(nowMs), position: () => 0, isCrowded: () => false };
  b.sweeper.add(late);
  await rounds(8);
  expect(removals, 'it may need any of them').toEqual([]);
});

test('what was read after its removal, as from a server that lags, stops nobody from packing', async () => {
  const { removals, servers, host } = world(2);
  const [a, b] = [host(), host()];
  a.serve(0);
  b.serve(1);
  a.read(5, 8);
  b.read(5, 8);
  await rounds(8);
  expect(removals).toEqual(['<9']);
  servers.confirms = false;
  const c = host();
  await rounds(8);
  const { messages } = c.serve(1);
  messages.seen(5, 1);
  c.read(5, 8);
  const gone: number[] = [];
  messages.acknowledged(5, () => gone.push(5));
  await rounds(40);
  expect(c.sweeper.mayPack(1)).toBe(true);
  expect(gone, 'nor anything from going on').toEqual([5]);
});

test('what a host removed before it could say so is known to be gone once the next one has read on', async () => {
  const { servers, host } = world(2);
  const [a, b] = [host(), host()];
  a.serve(0);
  const { messages } = b.serve(1);
  messages.seen(5, 1);
  a.read(5);
  b.read(5);
  servers.confirms = false;
  const gone: number[] = [];
  messages.acknowledged(5, () => gone.push(5));
  await rounds(8);
  expect(gone, 'it is being removed').toEqual([]);
  a.sweeper.stop();
  const c = host();
  c.serve(0);
  c.read();
  await rounds(8);
  expect(gone, 'the new one has read nothing yet').toEqual([]);
  c.readOn(6);
  b.readOn(6);
  await rounds(8);
  expect(gone).toEqual([5]);
  expect(b.sweeper.mayPack(0)).toBe(true);
});
