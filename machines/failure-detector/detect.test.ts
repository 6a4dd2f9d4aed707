import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId } from '../ids.ts';
import { detect, type Judgement } from './detect.ts';
import { type ReceivedObservation, seenBy } from './seen-by.ts';

const [n1, n2, n3] = [nodeId('n1'), nodeId('n2'), nodeId('n3')];
const timings = { intervalMs: 1000, staleMs: 10_000, takeoverBoundMs: 40_000 };

function seen(observer: typeof n1, slotAge: number, beatAge: number, ok = true, count = 7): ReceivedObservation {
  const observation = {
    observer,
    incarnation: 1,
    sequence: 9,
    storageOk: ok,
    databaseOk: ok,
    slots: [{ node: n3, incarnation: 1, sequence: count, ageMs: slotAge }],
    beats: [{ node: n3, counter: count, ageMs: beatAge }],
  };
  return { ...seenBy(observation), receivedAtMs: 100_000 };
}

function judge(observations: ReceivedObservation[], previous: ReadonlyMap<typeof n1, Judgement> = new Map()) {
  return detect({ nowMs: 100_500, nodes: [n3], observations, timings, previous }).get(n3);
}

test.each([
  ['alive', 'alive', 0, 0, 'healthy'],
  ['alive', 'stale', 0, 10_000, 'management-isolated'],
  ['stale', 'alive', 10_000, 0, 'storage-isolated'],
  ['stale', 'stale', 10_000, 10_000, 'dead'],
])('storage %s, database %s', (_storage, _database, slotAge, beatAge, verdict) => {
  expect(judge([seen(n1, slotAge, beatAge)])?.verdict).toBe(verdict);
});

test('who saw a later value counts, if healthy', () => {
  expect(judge([seen(n1, 99_000, 99_000), seen(n2, 500, 500, true, 8)])?.verdict).toBe('healthy');
  expect(judge([seen(n1, 99_000, 99_000), seen(n2, 500, 500, false, 8)])?.verdict).toBe('dead');
});

test('an observer that has just joined, and sees the same value for the first time, makes nobody alive again', () => {
  expect(judge([seen(n1, 99_000, 99_000), seen(n2, 0, 0)])).toMatchObject({ verdict: 'dead', ageMs: 99_000 });
  expect(judge([seen(n2, 0, 0), seen(n1, 99_000, 99_000)])).toMatchObject({ verdict: 'dead', ageMs: 99_000 });
});

test('without a healthy observer nobody is dead, whatever was seen (B3)', () => {
  expect(judge([seen(n1, 99_000, 99_000, false)])).toMatchObject({ verdict: 'storage-lost', boundReached: false });
  expect(judge([])).toMatchObject({ verdict: 'storage-lost' });
});

test('the bound gives evidence that names the last slot seen', () => {
  expect(judge([seen(n1, 40_000, 0)])?.evidence).toEqual({
    kind: 'bound',
    node: n3,
    incarnation: 1,
    sequence: 7,
    ageMs: 40_000,
    observers: [n1],
  });
  expect(judge([seen(n1, 39_999, 0)])?.evidence).toBeUndefined();
});

test('hysteresis: once stale, a heartbeat must be well alive', () => {
  const dead = judge([seen(n1, 12_000, 12_000)]);
  const previous = new Map(dead ? [[n3, dead]] : []);
  expect(judge([seen(n1, 6000, 6000)], previous)?.verdict).toBe('dead');
  expect(judge([seen(n1, 1000, 1000)], previous)?.verdict).toBe('healthy');
  expect(judge([seen(n1, 6000, 6000)])?.verdict).toBe('healthy');
});

test('no mix of observations reaches the bound while a healthy observer saw the slot change within it', () => {
  const observation = fc.record({ slot: fc.nat(100_000), beat: fc.nat(100_000), ok: fc.boolean() });
  fc.assert(
    fc.property(fc.array(observation), fc.nat(39_999), (others, age) => {
      const all = [...others.map((o) => seen(n1, o.slot, o.beat, o.ok)), seen(n2, age, 0, true, 8)];
      expect(judge(all)?.boundReached).toBe(false);
    }),
  );
});
