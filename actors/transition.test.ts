import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  assign,
  raise,
  setup,
  initialTransition as xstateInitialTransition,
  transition as xstateTransition,
} from 'xstate';
import { promiseActor } from './promise-actor.ts';
import { initialTransition, transition } from './transition.ts';

type Event = { readonly type: 'go' } | { readonly type: 'back' } | { readonly type: 'add'; readonly by: number };

/** A bit of everything: nested and parallel states, guards, history, timers, invocations with a name in the system. */
const beginningIn = (initial: 'idle' | 'busy' | 'both') =>
  setup({
    types: { context: {} as { sum: number }, input: {} as { sum: number } | undefined, events: {} as Event },
    actors: { work: promiseActor<number, number>() },
    guards: { enough: ({ context }) => context.sum > 5 },
  }).createMachine({
    id: 'm',
    context: ({ input }) => ({ sum: input?.sum ?? 0 }),
    initial,
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

const machine = beginningIn('idle');

const events = fc.array(
  fc.oneof(
    fc.constant<Event>({ type: 'go' }),
    fc.constant<Event>({ type: 'back' }),
    fc.nat(4).map((by): Event => ({ type: 'add', by })),
    fc.constant({ type: 'xstate.done.actor.0.m.busy', actorId: '0.m.busy', output: 1 } as never), // as effects return
  ),
  { maxLength: 25 },
);

function bare(params: unknown): string {
  return JSON.stringify(params, (key, value: unknown) =>
    key === 'actorRef' ? Reflect.get(Object(value), 'id') : value,
  );
}

test('it begins where XState begins, and asks for the same actions', () => {
  for (const initial of ['idle', 'busy', 'both'] as const) {
    const begun = beginningIn(initial);
    const [ours, actions] = initialTransition(begun, { sum: 3 });
    const [wanted, wantedActions] = xstateInitialTransition(begun, { sum: 3 });
    expect(ours.context).toEqual({ sum: 3 });
    expect({ status: ours.status, value: ours.value, context: ours.context }).toEqual({
      status: wanted.status,
      value: wanted.value,
      context: wanted.context,
    });
    expect(Object.keys(ours.children)).toEqual(Object.keys(wanted.children));
    expect(actions.map((action) => [action.type, bare(action.params)])).toEqual(
      wantedActions.map((action) => [action.type, bare(action.params)]),
    );
  }
});

test('it goes where XState goes, and asks for the same actions', () => {
  fc.assert(
    fc.property(events, (list) => {
      let [ours] = xstateInitialTransition(machine, undefined);
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
