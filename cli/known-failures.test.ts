import { expect, test } from 'vitest';
import { whyKnown } from './known-failures.ts';

const known = {
  '7': { invariant: 'G2: one copy', why: 'being mended' },
  '9': { invariant: 'the run goes on', why: 'a loop' },
};

test.each([
  [7, 'G2: one copy: vm-1 twice', 'being mended'],
  [7, 'liveness: vm-1 does not run', undefined],
  [8, 'G2: one copy: vm-1 twice', undefined],
  [9, 'the run goes on: no event ended for 60 s (at 764.08 s)', 'a loop'],
])('seed %d with %j', (seed, failure, why) => {
  expect(whyKnown(known, seed, failure)).toBe(why);
});
