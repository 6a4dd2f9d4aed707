import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObservation, observationSchema, readObservation } from './observation.ts';

const name = fc.constantFrom('n1', 'node-7', 'a'.repeat(63));
const age = fc.double({ min: 0, max: 1e6, noNaN: true });
const good = fc.record({
  observer: name,
  incarnation: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
  storageOk: fc.boolean(),
  databaseOk: fc.boolean(),
  slots: fc.array(fc.record({ node: name, incarnation: fc.maxSafeNat(), sequence: fc.maxSafeNat(), ageMs: age }), {
    minLength: 1,
    maxLength: 3,
  }),
  beats: fc.array(fc.record({ node: name, counter: fc.maxSafeNat(), ageMs: age }), { minLength: 1, maxLength: 3 }),
});
const strange = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    -1,
    -0,
    0.5,
    NaN,
    Infinity,
    2 ** 53,
    '',
    '-',
    'n_1',
    'a'.repeat(64),
    [],
    {},
    true,
    3n,
  ),
  fc.anything(),
);
const FIELDS = ['observer', 'incarnation', 'sequence', 'storageOk', 'databaseOk', 'slots', 'beats'] as const;
const INNER = ['node', 'incarnation', 'sequence', 'counter', 'ageMs'] as const;

test('the quick check takes exactly what the schema takes', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      good,
      strange,
      fc.constantFrom<unknown>(...FIELDS, ...INNER.map((field) => ['slots', field]), ...INNER.map((f) => ['beats', f])),
      (value, wrong, where) => {
        const changed: Record<string, unknown> = structuredClone(value);
        if (typeof where === 'string') changed[where] = wrong;
        else if (Array.isArray(where)) {
          const [list, field] = where as ['slots' | 'beats', string]; // as given above
          changed[list] = [...value[list], { ...value[list][0], [field]: wrong }];
        }
        for (const one of [value, changed, wrong]) {
          const { success } = observationSchema.safeParse(one);
          expect(isObservation(one)).toBe(success);
          expect(readObservation(one).success).toBe(success);
          if (!success) refused += 1;
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(100);
});

test('what is refused is named', () => {
  const parsed = readObservation({ observer: 'n1', slots: [{ node: 'n_1' }] });
  expect(JSON.stringify(parsed.error)).toContain('not a node name');
});
