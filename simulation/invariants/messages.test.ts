import { expect, test } from 'vitest';
import type { JournalEntry } from '#actors';
import { checkScenario } from '../scenario/mod.ts';
import type { World } from '../world/world.ts';
import { messagesOnce, nobodyParked } from './messages.ts';
import type { Watcher } from './watcher.ts';

const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], until: 1 }, 's');

/** What one invariant says about these commits, looked at long after the last of them. */
async function said(
  invariant: typeof nobodyParked,
  commits: readonly { readonly address: string; readonly [field: string]: unknown }[],
): Promise<string[]> {
  const found: string[] = [];
  let nowSeconds = 0;
  const host = { alive: true, booted: true };
  const watcher: Watcher = invariant({
    scenario,
    nowSeconds: () => nowSeconds,
    violate: (_invariant, why) => found.push(why),
    world: () => ({ hosts: new Map([['n1', host]]), messaging: { isServing: () => true } }) as unknown as World, // all it looks at
  });
  commits.forEach(({ address, ...fields }, i) => {
    const envelope = { ...EMPTY, step: 1, ...fields };
    watcher.committed?.({ address, sequence: 1, commitId: `c${i}`, body: JSON.stringify(envelope) } as JournalEntry);
  });
  nowSeconds = 1000;
  await watcher.atEnd?.();
  return found;
}

/** A step that took a message from outside. */
const OUTSIDE = { kind: 'message', from: 'external:x', event: { type: 'x' } };

const EMPTY = {
  ...{ format: 1, version: 1, host: 'n1', status: 'active', snapshot: { status: 'active', value: 'a', context: {} } },
  ...{
    timers: [],
    cursors: {},
    recent: [],
    takenUpTo: 0,
    sent: {},
    outbox: [],
    effects: [],
    outcome: 'handled',
    tells: [],
  },
  cause: { kind: 'message', from: 'x', event: { type: 'x' } },
};

test('a parked actor waits for a person, one that was released does not', async () => {
  const parked = { address: 'vm/a', status: 'parked', parked: { reason: 'broken', code: 'X', failures: 5 } };
  expect(await said(nobodyParked, [parked])).toEqual(['vm/a is parked: broken']);
  expect(await said(nobodyParked, [parked, { address: 'vm/a', step: 2 }])).toEqual([]);
});

test('a message that was sent and taken once is well', async () => {
  const steps = [
    { address: 'node/n1', sent: { 'vm/a': 1 } },
    { address: 'vm/a', cursors: { 'node/n1': 1 } },
  ];
  expect(await said(messagesOnce, steps)).toEqual([]);
});

test.each([
  ['lost', [{ address: 'node/n1', sent: { 'vm/a': 1 } }], 'vm/a never took message 1 of node/n1'],
  [
    'skipped',
    [
      { address: 'node/n1', sent: { 'vm/a': 2 } },
      { address: 'vm/a', cursors: { 'node/n1': 2 } },
    ],
    'vm/a took message 2 of node/n1, its next was 1',
  ],
  [
    'applied twice',
    [
      { address: 'vm/a', recent: ['m1'] },
      { address: 'vm/a', step: 2, recent: [] },
      { address: 'vm/a', step: 3, recent: ['m1'] },
    ],
    'vm/a applied m1 twice',
  ],
  [
    'applied twice, and still known from the first time',
    [
      { address: 'vm/a', recent: ['m1'] },
      { address: 'vm/a', step: 2, recent: ['m1', 'm1'], cause: OUTSIDE },
    ],
    'vm/a applied m1 twice',
  ],
  [
    'applied twice, and the oldest of those known fell out',
    [
      { address: 'vm/a', recent: ['m1'], cause: OUTSIDE },
      { address: 'vm/a', step: 2, recent: ['m1', 'm2'], cause: OUTSIDE },
      { address: 'vm/a', step: 3, recent: ['m2', 'm1'], cause: OUTSIDE },
    ],
    'vm/a applied m1 twice',
  ],
  [
    'applied by an actor, and by the one that was made after its end',
    [
      { address: 'vm/a', recent: ['m1'], cause: OUTSIDE },
      { address: 'vm/a', step: 2, recent: ['m2'], status: 'stopped', cause: OUTSIDE },
      { address: 'vm/a', step: 3, recent: ['m1'], cause: OUTSIDE },
    ],
    'vm/a applied m1 twice',
  ],
  ['a stale commit', [{ address: 'vm/a' }, { address: 'vm/a', step: 1 }], 'vm/a: step 1 follows 1 (a stale commit)'],
])('%s', async (_name, steps, why) => {
  expect(await said(messagesOnce, steps)).toContain(why);
});

test.each([
  ['came again and was not taken', { recent: ['m2', 'm1'] }],
  ['waited while its actor was parked, and then was taken', { recent: ['m1', 'm2', 'm3'], cause: OUTSIDE }],
])('a message from outside that %s is well', async (_name, then) => {
  const parked = { status: 'parked', outcome: 'failed', parked: { reason: 'broken', code: 'X', failures: 5 } };
  const steps = [
    { address: 'vm/a', recent: ['m1'], cause: OUTSIDE },
    { address: 'vm/a', step: 2, recent: ['m1', 'm2'], cause: OUTSIDE },
    { address: 'vm/a', step: 3, recent: ['m1', 'm2'], cause: OUTSIDE, ...parked },
    { address: 'vm/a', step: 4, ...then },
  ];
  expect(await said(messagesOnce, steps)).toEqual([]);
});
