import { expect, test } from 'vitest';
import { emptyState } from './actor-state.ts';
import { address } from './address.ts';
import { admit, mayBeForgotten, refresh, remember } from './admit.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Delivery } from './transport.ts';

const delivery = (position: number): Delivery => ({
  message: { id: `m${position}`, to: address('a/1'), from: 'external:x', event: { type: 'e' } },
  position,
  attempt: 1,
  store: 's',
  doneBelow: () => 0,
  ack: () => {},
  nak: () => {},
  isStored: async () => true,
});

function stateAfter(positions: readonly number[]) {
  const state = emptyState();
  for (const position of positions) remember(state, delivery(position), DEFAULT_LIMITS);
  return state;
}

const forty = Array.from({ length: 40 }, (_, at) => at + 1);

test('what lies above everything taken is certainly new; below it only the mailbox knows', () => {
  const state = stateAfter(forty);
  expect(mayBeForgotten(state, delivery(41))).toBe(false);
  expect(mayBeForgotten(state, delivery(1))).toBe(true);
});

test('a message that comes again counts as taken just now', () => {
  const state = stateAfter(forty);
  refresh(state, delivery(20).message);
  expect(state.recent.at(-1)).toBe('m20');
  expect(state.recent).toHaveLength(DEFAULT_LIMITS.idsRemembered);
});

test('a message that comes again is not put back into a state that went on elsewhere and forgot it', () => {
  const state = stateAfter(forty);
  const before = [...state.recent];
  refresh(state, delivery(1).message);
  expect(state.recent).toEqual(before);
});

test('what lies below the mark of its store was taken, whoever sent it; the mark of another store says nothing', () => {
  const state = stateAfter([1]);
  state.done = { store: 's', below: 30 };
  expect([admit(state, delivery(29)), admit(state, delivery(30))]).toEqual(['known', 'take']);
  expect(admit(state, { ...delivery(29), store: 'made again' })).toBe('take');
});

test('the mark of what was taken only grows, and begins anew in another store', () => {
  const state = emptyState();
  const marked = (below: number, store = 's') => ({ ...delivery(50), store, doneBelow: () => below });
  remember(state, marked(40), DEFAULT_LIMITS);
  remember(state, marked(0), DEFAULT_LIMITS);
  expect(state.done).toEqual({ store: 's', below: 40 });
  remember(state, marked(3, 'made again'), DEFAULT_LIMITS);
  expect(state.done).toEqual({ store: 'made again', below: 3 });
});
