import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, initialTransition, raise, setup, transition as xstateTransition } from 'xstate';
import { promiseActor } from './promise-actor.ts';
import { transition } from './transition.ts';

type Event = { readonly type: 'go' } | { readonly type: 'back' } | { readonly type: 'add'; readonly by: number };

/** A bit of everything: nested and parallel states, guards, history, timers, invocations with a name in the system. */
const machine = setup({
  types: { context: {} as { sum: number }, events: {} as Event },
  actors: { work: promiseActor<number, number>() },
  guards: { enough: ({ context }) => context.sum > 5 },
}).createMachine({
  id: 'm',
  context: { sum: 0 },
  initial: 'idle',
  on: {
    add: { actions: assign({ sum: ({ context, event }) => context.sum + event.by }) },
  },
  states: {
    idle: { on: { go: [{ guard: 'enough', target: 'both' }, { target: 'busy' }] } },
    busy: {
      invoke: { src: 'work', systemId: 'worker', input: ({ context }) => context.sum, onDone: 'idle' },
      after: { 1000: 'idle' },
      on: { go: { target: 'busy', reenter: true }, back: 'idle' },
    },
    both: {
      type: 'parallel',
      states: {
        left: { initial: 'a', states: { a: { on: { go: 'b' } }, b: { entry: raise({ type: 'add', by: 1 }) } } },
        right: { invoke: { src: 'work', input: 7 }, initial: 'x', states: { x: { after: { 50: 'y' } }, y: {} } },
      },
      on: { back: 'idle' },
    },
  },
});

const events = fc.array(
  fc.oneof(
    fc.constant<Event>({ type: 'go' }),
    fc.constant<Event>({ type: 'back' }),
    fc.nat(4).map((by): Event => ({ type: 'add', by })),
    fc.constant({ type: 'xstate.done.actor.0.m.busy', actorId: '0.m.busy', output: 1 } as never), // as effects return
  ),
  { maxLength: 25 },
);

test('it goes where XState goes, and asks for the same actions', () => {
  const bare = (params: unknown) =>
    JSON.stringify(params, (key, value: unknown) => (key === 'actorRef' ? Reflect.get(Object(value), 'id') : value));
  fc.assert(
    fc.property(events, (list) => {
      let [ours] = initialTransition(machine);
      let theirs = ours;
      for (const event of list) {
        const [next, actions] = transition(machine, ours, event);
        const [wanted, wantedActions] = xstateTransition(machine, theirs, event);
        expect(next === ours).toBe(wanted === theirs);
        expect({ value: next.value, context: next.context }).toEqual({ value: wanted.value, context: wanted.context });
        expect(Object.keys(next.children)).toEqual(Object.keys(wanted.children));
        expect(actions.map((action) => [action.type, bare(action.params)])).toEqual(
          wantedActions.map((action) => [action.type, bare(action.params)]),
        );
        ours = next as typeof ours; // the same machine's
        theirs = wanted;
      }
    }),
  );
});
