import { expect, test } from 'vitest';
import { CounterGap } from './counter-gap.ts';

type Read = readonly [atMs: number, n2: number, n3?: number];

/** Four ordinary steps of both others, one an interval of 2 s. */
const steady: readonly Read[] = [0, 1, 2, 3, 4].map((step): Read => [step * 2000, 10 + step, 50 + step]);

const cases: readonly (readonly [string, readonly Read[], number])[] = [
  ['the others write once an interval', [...steady, [10_000, 15, 55]], 0],
  ['a read was late', [...steady, [48_000, 34, 74]], 0],
  ['this host stood still by the count of all others', [...steady, [10_000, 90, 130]], 147_475],
  ['and one of the others died meanwhile', [...steady, [10_000, 90, 54]], 147_475],
  ['only one jumps, the other shows the ordinary pace', [...steady, [10_000, 90, 55]], 0],
  ['an agent was started anew', [...steady, [10_000, 14 + 2 ** 32, 55]], 0],
  ['a late write took a slot back, the next one forward', [...steady, [10_000, 5], [12_000, 16]], 0],
  ['one wrote in vain for long, then wrote again', [...steady, [308_000, 160]], 0],
  ['and what it wrote in vain lands late before', [...steady, [308_000, 15], [310_000, 160]], 0],
  [
    'nothing is known of the others yet',
    [
      [0, 10],
      [2000, 90],
    ],
    0,
  ],
];

test.each(cases)('%s', (_, reads, expected) => {
  const gap = new CounterGap(2000);
  const found = reads.map(([atMs, n2, n3]) => {
    const slots = [{ node: 'n2', incarnation: 1, sequence: n2 }];
    if (n3 !== undefined) slots.push({ node: 'n3', incarnation: 1, sequence: n3 });
    return gap.read(slots, atMs, atMs + 20);
  });
  expect(Math.max(...found)).toBe(expected);
});

test('a node that booted anew is no sign', () => {
  const gap = new CounterGap(2000);
  for (let step = 0; step < 5; step += 1)
    gap.read([{ node: 'n2', incarnation: 1, sequence: step }], step * 2000, step * 2000);
  expect(gap.read([{ node: 'n2', incarnation: 2, sequence: 5000 }], 10_000, 10_001)).toBe(0);
});
