import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { emptyState } from './actor-state.ts';
import { ANY_EVENT, hostForTests } from './host-for-tests.ts';
import type { Address } from './mod.ts';
import type { Kind } from './registration.ts';
import { runStep } from './step.ts';

const machine = createMachine({
  on: {
    x: { actions: () => {} },
    poison: {
      actions: () => {},
      guard: () => {
        throw new Error('poison');
      },
    },
  },
});

test('an ended actor stays ended, whatever waited in its mailbox; what is sent later makes it again', async () => {
  const { system, status } = await hostForTests({ c: { machine } });
  await system.tell('c/1', { type: 'poison' });
  await expect.poll(() => status('c/1')).toBe('parked');
  await system.spawn('c/1');
  await system.tell('c/1', { type: 'x' });
  await system.stopActor('c/1');
  const outcomes = async () =>
    (await system.history('c/1'))
      .slice(1)
      .map(({ cause, outcome, status: after }) => [cause.event.type, outcome, after]);
  await expect.poll(outcomes).toEqual([
    ['actor.stop', 'handled', 'stopped'],
    ['poison', 'dropped', 'stopped'],
    ['actor.spawn', 'dropped', 'stopped'],
    ['x', 'dropped', 'stopped'],
  ]);
  await system.spawn('c/1');
  await expect.poll(() => status('c/1')).toBe('active');
  await system.stop();
});

test('a step that fails and waits to be tried again does not hold up the end of its actor', async () => {
  const patient = { failure: { firstMs: 20, maxMs: 20 } };
  const never = { maxFailures: 1_000_000 };
  const { system, alerts, status } = await hostForTests({ c: { machine, onError: never } }, { limits: patient });
  await system.tell('c/1', { type: 'x' });
  await system.tell('c/1', { type: 'poison' });
  await expect.poll(() => alerts.length).toBeGreaterThan(1);
  await system.stopActor('c/1');
  await expect.poll(() => status('c/1')).toBe('stopped');
  await system.stop();
});

test('an actor that is ended before it was made is not made by what was sent before', () => {
  const kind: Kind = {
    ...{ name: 'c', machine, version: 1, events: ANY_EVENT, effects: {} },
    onError: { maxFailures: 1, policy: 'park' },
  };
  const state = emptyState();
  const take = (type: string, position: number) => {
    const cause = { kind: 'message' as const, from: 'external:x', event: { type } };
    return runStep({ kind, address: 'c/1' as Address, state, cause, nowMs: 0, position }).outcome;
  };
  // What ends an actor overtakes what waits in its mailbox.
  expect(take('actor.stop', 3)).toBe('dropped');
  expect([take('actor.spawn', 1), take('x', 2)]).toEqual(['dropped', 'dropped']);
  expect(state.snapshot).toBeUndefined();
  expect(take('x', 4)).toBe('handled');
});
