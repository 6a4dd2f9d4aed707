import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overTheWire } from './wire.ts';

const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null) ?? 'null');

test('a payload comes out as JSON would carry it', () => {
  const anything = fc.anything({ withDate: true, withSparseArray: true, withBoxedValues: true, withMap: true });
  fc.assert(
    fc.property(anything, (value) => {
      expect(overTheWire(value)).toEqual(throughText(value));
    }),
    { numRuns: 500 },
  );
});

test.each([
  [{ a: undefined, b: () => 1, c: Symbol('c'), d: Number.NaN }],
  [[undefined, () => 1, Number.POSITIVE_INFINITY, -0]],
  [{ at: new Date(0), of: { toJSON: (key: string) => `under ${key}` } }],
  [undefined],
  [JSON.parse('{"__proto__": 1}')],
])('what JSON leaves out or changes: %j', (value) => {
  expect(overTheWire(value)).toStrictEqual(throughText(value));
});

test('nobody can write to what others are given too', () => {
  const sent = { list: [{ n: 1 }] };
  const received = overTheWire(sent) as typeof sent; // the same shape
  sent.list[0] = { n: 2 };
  expect(received).toEqual({ list: [{ n: 1 }] });
  expect(() => received.list.push({ n: 3 })).toThrow(TypeError);
  expect(() => Object.assign(received.list[0] ?? {}, { n: 3 })).toThrow(TypeError);
});
