import { expect, test } from 'vitest';
import { CounterGap } from './counter-gap.ts';

const slot = (sequence: number, incarnation = 1) => [{ node: 'n2', incarnation, sequence }];

test.each([
  [
    'the other wrote once an interval',
    [
      [10, 0],
      [11, 2000],
      [12, 4000],
    ],
    0,
  ],
  [
    'a read was late',
    [
      [10, 0],
      [30, 40_000],
    ],
    0,
  ],
  [
    'this host stood still for 150 s by the count of the other',
    [
      [10, 0],
      [86, 2000],
    ],
    147_475,
  ],
  [
    'the agent of the other was started anew',
    [
      [10, 0],
      [10 + 2 ** 32, 2000],
    ],
    0,
  ],
  [
    'a late write took the slot back, the next one forward',
    [
      [100, 0],
      [10, 2000],
      [102, 4000],
    ],
    0,
  ],
  [
    'the other wrote in vain for long, then wrote again',
    [
      [10, 0],
      [10, 298_000],
      [160, 300_000],
    ],
    0,
  ],
] as const)('%s', (_, reads, expected) => {
  const gap = new CounterGap(2000);
  const found = reads.map(([sequence, atMs]) => gap.read(slot(sequence), atMs, atMs + 20));
  expect(Math.max(...found)).toBe(expected);
});

test('a node that booted anew is no sign', () => {
  const gap = new CounterGap(2000);
  gap.read(slot(5), 0, 1);
  expect(gap.read(slot(5000, 2), 2000, 2001)).toBe(0);
});
