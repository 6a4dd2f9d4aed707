import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, raise, setup } from 'xstate';
import { z } from 'zod';
import { emptyState, loadState } from './actor-state.ts';
import { mayBeForgotten } from './admit.ts';
import { readEnvelope } from './envelope.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { type Address, effect, promiseActor, tell } from './mod.ts';
import type { Kind } from './registration.ts';
import { numberMessages, seal } from './seal.ts';
import { runStep } from './step.ts';

/** Puts what it is given everywhere that something is stored. */
const machine = setup({
  types: { context: {} as { kept: unknown }, events: {} as { type: 'put'; value: unknown } | { type: 'other' } },
  actors: { work: promiseActor<unknown, { value: unknown }>() },
}).createMachine({
  context: { kept: null },
  initial: 'a',
  states: {
    a: {
      on: {
        put: {
          target: 'b',
          actions: [
            assign({ kept: ({ event }) => event.value }),
            tell(({ event }) => ({ to: 'k/2', event: { type: 'x', value: event.value } })),
            effect(({ event }) => ({ run: 'job', input: event.value })),
            effect(() => ({ run: 'job' })),
            raise(({ event }) => ({ type: 'put', value: event.value }), { delay: 1_000, id: 'later' }),
          ],
        },
      },
    },
    b: {
      invoke: { src: 'work', input: ({ context }) => ({ value: context.kept }) },
      after: { 500: 'c' },
      initial: 'one',
      states: { one: {}, two: {}, past: { type: 'history', target: 'two' } },
    },
    c: { type: 'final' },
  },
  output: ({ context }) => context.kept,
});
const nothing = async () => null;
const kind: Kind = {
  ...{ name: 'k', machine, version: 1, events: z.any(), effects: { work: nothing, job: nothing } },
  onError: { maxFailures: 1, policy: 'park' },
};
const address = 'k/1' as Address;
const room = { limits: DEFAULT_LIMITS, maxBodyBytes: 1_000_000 };

test('whatever JSON an actor holds, every step it stores can be read back and goes on the same', () => {
  const values = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.record({ a: fc.constant(undefined), b: fc.jsonValue() }));
  fc.assert(
    fc.property(values, fc.boolean(), fc.string(), (value, end, reason) => {
      const state = emptyState();
      const events = [
        { type: 'put', value },
        { type: 'other' },
        ...(end ? [{ type: 'xstate.after.500.(machine).b' }] : []),
      ];
      for (const event of events) {
        const cause = { kind: 'message' as const, from: 'external:x', event };
        const result = runStep({ kind, address, state, cause, nowMs: 0 });
        const outgoing = numberMessages(state, address, result.tells, DEFAULT_LIMITS);
        const more = { host: 'n1', nowMs: 0, cause, outcome: result.outcome, reason, outgoing, ...room };
        const body = seal({ state: { ...state, outbox: outgoing }, kind, ...more });
        const entry = { address, sequence: 1, commitId: 'c', body };
        const stored = readEnvelope(entry);
        expect(JSON.stringify(stored.snapshot.context)).toBe(JSON.stringify({ kept: value }));
        const loaded = loadState(kind, entry, 0);
        expect([...loaded.effects.keys()]).toEqual([...state.effects.keys()]);
        expect([...loaded.timers.keys()]).toEqual([...state.timers.keys()]);
        expect(loaded.snapshot?.value).toEqual(state.snapshot?.value);
        expect(JSON.stringify(loaded.outbox)).toBe(JSON.stringify(outgoing));
      }
    }),
    { numRuns: 100 },
  );
});

test('a step stored before positions were kept is readable: then any message may have been taken', () => {
  const state = emptyState();
  const cause = { kind: 'message' as const, from: 'external:x', event: { type: 'other' } };
  runStep({ kind, address, state, cause, nowMs: 0 });
  const more = { host: 'n1', nowMs: 0, cause, outcome: 'handled' as const, reason: undefined, outgoing: [] };
  const { takenUpTo: _, ...old } = JSON.parse(seal({ state, kind, ...more, ...room }));
  const loaded = loadState(kind, { address, sequence: 1, commitId: 'c', body: JSON.stringify(old) }, 0);
  const message = { id: 'm', to: address, from: 'external:x', event: { type: 'other' } };
  const delivery = {
    message,
    position: 1_000_000,
    attempt: 1,
    store: 's',
    doneBelow: () => 0,
    ack: () => {},
    nak: () => {},
    isStored: async () => true,
  };
  expect(mayBeForgotten(loaded, delivery)).toBe(true);
});
