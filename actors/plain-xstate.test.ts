import { getShortestPaths } from '@xstate/graph';
import { expect, test } from 'vitest';
import { assign, createActor, fromPromise, setup, toPromise } from 'xstate';
import { effect, promiseActor, reply, spawnChild, stopChild, tell } from './mod.ts';

/** Uses every action of the runtime. */
const machine = setup({
  types: { context: {} as { got: number }, events: {} as { type: 'go' } | { type: 'more' } },
  actors: { work: promiseActor<number, number>() },
}).createMachine({
  id: 'm',
  context: { got: 0 },
  initial: 'idle',
  states: {
    idle: {
      entry: [tell(() => ({ to: 'a/1', event: { type: 'x' } })), spawnChild(() => ({ address: 'a/2' }))],
      on: { go: { target: 'working', actions: [effect(() => ({ run: 'e' })), reply(({ context }) => context.got)] } },
    },
    working: {
      invoke: {
        src: 'work',
        input: 1,
        onDone: { target: 'done', actions: assign({ got: ({ event }) => event.output }) },
      },
    },
    done: { type: 'final', entry: stopChild(() => 'a/2') },
  },
  output: ({ context }) => context.got,
});

test('a machine of the runtime runs in plain XState: its actions do nothing there, invoked work is provided', async () => {
  const actor = createActor(machine.provide({ actors: { work: fromPromise(async ({ input }) => input + 41) } }));
  actor.start();
  expect(actor.getSnapshot().value).toBe('idle');
  actor.send({ type: 'go' });
  expect(await toPromise(actor)).toBe(42);
});

test('without an implementation it still moves, and only the invoked work fails, saying what to do', async () => {
  const actor = createActor(machine);
  actor.subscribe({ error: () => {} });
  actor.start();
  actor.send({ type: 'go' });
  await expect(toPromise(actor)).rejects.toMatchObject({
    code: 'UNSUPPORTED_ACTION',
    message: expect.stringContaining('pass it to register({ effects })'),
  });
});

test('XState’s tools draw and walk it', () => {
  expect(Object.keys(machine.definition.states)).toEqual(['idle', 'working', 'done']);
  expect(JSON.parse(JSON.stringify(machine.definition))).toMatchObject({
    states: { idle: { entry: [{ type: 'tell' }, { type: 'spawnChild' }] } },
  });
  const ends = getShortestPaths(machine, { events: [{ type: 'go' }] }).map((path) => path.state.value);
  expect(ends).toContain('working');
});
