import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Confirmation, confirmed, looked } from './confirmation.ts';

const INTERVAL_MS = 2000;

/** The slot of incarnation 3 as it is seen each interval after the confirmation. */
function watched(stillAt: number | null, sequences: readonly number[], everyMs = INTERVAL_MS): Confirmation {
  return sequences.reduce(
    (known, sequence, i) =>
      known.verdict === 'open' ? looked(known, { incarnation: 3, sequence }, i * everyMs, everyMs) : known,
    confirmed(3, stillAt, 0),
  );
}

test('one that had stopped before the fence was asked is believed at the first look (B9)', () => {
  expect(watched(7, [7])).toMatchObject({ verdict: 'believed', sequence: 7 });
});

test('one that wrote until the fence is believed once it has stopped for three intervals', () => {
  expect(watched(null, [7, 7, 7]).verdict).toBe('open');
  expect(watched(null, [7, 7, 7, 7])).toMatchObject({ verdict: 'believed', sequence: 7 });
});

test('one that came back while the fence was at work must be seen to stop too', () => {
  expect(watched(7, [9]).verdict).toBe('open');
  expect(watched(7, [9, 9, 9, 9])).toMatchObject({ verdict: 'believed', sequence: 9 });
});

test.each([
  ['writes on', null, [7, 8, 9, 10]],
  ['stalled only, and writes on', 7, [8, 9, 10, 11]],
])('one that %s contradicts the fence', (_, stillAt, sequences) => {
  expect(watched(stillAt, sequences).verdict).toBe('contradicted');
});

test('writes that land late, in one burst, contradict nobody', () => {
  expect(watched(null, [7, 9, 9, 9, 9])).toMatchObject({ verdict: 'believed', sequence: 9 });
  const burst = [7, 8, 9, 10, 11, 12];
  expect(watched(null, [...burst, 12, 12, 12], 100)).toMatchObject({ verdict: 'believed', sequence: 12 });
});

test('a late write that takes the slot back is no sign of life, and what is above it is no news', () => {
  expect(watched(null, [7, 5, 7, 7])).toMatchObject({ verdict: 'believed', sequence: 7 });
});

test('a later boot, or a host that never wrote, needs no other look', () => {
  expect(looked(confirmed(3, null, 0), { incarnation: 4, sequence: 1 }, 1, INTERVAL_MS).verdict).toBe('believed');
  expect(looked(confirmed(3, null, 0), undefined, 1, INTERVAL_MS).verdict).toBe('believed');
});

test('whatever is seen, it ends; a host that writes at each look is never believed', () => {
  const looks = fc.array(fc.nat(3), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(looks, fc.constantFrom(100, 1000, 2000), fc.constantFrom(null, 4), (grows, everyMs, stillAt) => {
      let sequence = 4;
      const sequences = grows.map((by) => (sequence += by));
      expect(watched(stillAt, sequences, everyMs).verdict === 'open' && everyMs > 100).toBe(false);
      const alive = grows.map((_, i) => 5 + i);
      expect(watched(stillAt, alive, everyMs).verdict).toBe('contradicted');
    }),
  );
});
