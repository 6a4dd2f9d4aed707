import { assign, raise, setup } from 'xstate';
import { effect, promiseActor, tell } from '#actors';
import { waitAfterAttemptMs } from '../attempts/mod.ts';
import { type ClusterContext, type ClusterInventory, NOTHING, queued, type Request } from './context.ts';
import { decide, isBlackout } from './decide.ts';
import type { ClusterEvent } from './events.ts';
import { wayMade } from './make-way.ts';

/** Requests that come within this time are decided together, so that they see each other. */
const COLLECT_MS = 20;
/** VMs of a node that just died are waited for at most this long: the important ones choose first. */
const EXPECT_MS = 400;
const RETRY_MS = 1000;
/** After storage was gone for everybody each node first resumes what is its own (B3). */
const CALM_MS = 15_000;
/** Fewer in a row are only a host that has just joined. */
const BLACKOUTS = 4;
/** Another host's failure detector said it; this one's, by which is placed, may need two intervals more. */
const ROOM_MS = 5000;
/** Rules may have been changed behind our back. */
const REVIEW_MS = 60_000;

/** Decides where VMs go, one batch after the other, so that two never count on the same room. */
export const clusterMachine = setup({
  types: { context: {} as ClusterContext, input: {} as { readonly address: string }, events: {} as ClusterEvent },
  actors: {
    /** Writes `armed` first unless it is null, then reads everything. */
    inventory: promiseActor<ClusterInventory, { readonly armed: boolean | null }>(),
  },
  guards: {
    hasWork: ({ context }) =>
      context.queue.length > 0 || context.wishes.length > 0 || context.arming !== null || context.review,
    isComplete: ({ context }) => context.expected.length === 0,
  },
  actions: {
    takeBatch: assign(({ context }) => ({
      batch: context.queue,
      queue: [],
      granting: context.wishes,
      wishes: [],
      armingNow: context.arming,
      arming: null,
      expected: [],
      // What settled before the inventory begins is in it.
      reservations: context.reservations.filter(({ settled }) => !settled),
    })),
    giveBack: assign(({ context }) => ({
      // What came meanwhile is newer.
      queue: context.queue.reduce<readonly Request[]>(queued, context.batch),
      batch: [],
      wishes: [...context.granting, ...context.wishes],
      granting: [],
      arming: context.arming ?? context.armingNow,
      armingNow: null,
    })),
  },
  delays: {
    /** Moves that failed are tried again with the waits of B5, and then at its longest. */
    reviewAgain: ({ context }) => {
      const worst = Math.max(0, ...Object.values(context.failedMoves));
      return worst === 0 ? REVIEW_MS : (waitAfterAttemptMs(worst) ?? 100_000);
    },
  },
}).createMachine({
  id: 'cluster',
  context: NOTHING,
  initial: 'idle',
  on: {
    place: {
      actions: assign({
        queue: ({ context, event }) => queued(context.queue, event),
        expected: ({ context, event }) => context.expected.filter((vm) => vm !== event.vm),
      }),
    },
    expect: {
      actions: assign({ expected: ({ context, event }) => [...new Set([...context.expected, ...event.vms])] }),
    },
    settled: {
      actions: [
        tell(({ context, event }) => tellAll(wayMade(context, event).told)),
        assign(({ context, event }) => settled(context, event)),
      ],
    },
    capacity: {
      guard: ({ context }) => !context.roomComes,
      actions: [raise({ type: 'room' }, { delay: ROOM_MS, id: 'room' }), assign({ roomComes: true })],
    },
    room: {
      actions: [
        tell(({ context }: { context: ClusterContext }) => tellAll(context.waiting)),
        assign(({ context }) => ({
          expected: [...new Set([...context.expected, ...context.waiting])],
          ...{ waiting: [], roomless: [], review: true, roomComes: false },
        })),
      ],
    },
    review: { actions: assign({ review: true }) },
    move: { actions: assign({ wishes: ({ context, event }) => [...context.wishes, { vm: event.vm, to: event.to }] }) },
    arm: { actions: assign({ arming: true }) },
    disarm: { actions: assign({ arming: false }) },
  },
  states: {
    idle: {
      always: { guard: 'hasWork', target: 'collecting' },
      after: { reviewAgain: { actions: assign({ review: true }) } },
    },
    collecting: {
      after: {
        [COLLECT_MS]: [{ guard: 'isComplete', target: 'deciding' }, { target: 'expecting' }],
      },
    },
    expecting: { always: { guard: 'isComplete', target: 'deciding' }, after: { [EXPECT_MS]: 'deciding' } },
    deciding: {
      entry: 'takeBatch',
      invoke: {
        src: 'inventory',
        input: ({ context }) => ({ armed: context.armingNow }),
        onDone: [
          {
            guard: ({ event }) => isBlackout(event.output),
            target: 'failed',
            actions: ['giveBack', assign({ blackouts: ({ context }) => context.blackouts + 1 })],
          },
          {
            guard: ({ context }) => context.blackouts >= BLACKOUTS,
            target: 'calming',
            actions: ['giveBack', assign({ blackouts: 0 })],
          },
          {
            target: 'idle',
            actions: [
              assign(({ context, event }) => decide(context, event.output)),
              tell(({ context }) => messages(context)),
              effect(({ context }: { context: ClusterContext }) =>
                context.notes.map((input) => ({ run: 'note', input })),
              ),
              assign(({ context }) => ({
                batch: [],
                answers: [],
                moves: [],
                notes: [],
                summoned: [],
                blackouts: 0,
                ...(context.armed ? { held: [], expected: [...new Set([...context.expected, ...context.held])] } : {}),
              })),
            ],
          },
        ],
        onError: { target: 'failed', actions: 'giveBack' },
      },
    },
    failed: { after: { [RETRY_MS]: 'collecting' } },
    calming: { after: { [CALM_MS]: 'collecting' } },
  },
});

function settled(context: ClusterContext, event: ClusterEvent & { readonly type: 'settled' }): Partial<ClusterContext> {
  const { vm, outcome } = event;
  const { makingWay, told } = wayMade(context, event);
  const { [vm]: failures = 0, ...others } = context.failedMoves;
  return {
    queue: context.queue.filter((request) => request.vm !== vm),
    makingWay,
    expected: [...new Set([...context.expected, ...told])].filter((other) => other !== vm),
    reservations: context.reservations.map((held) => (held.vm === vm ? { ...held, settled: true } : held)),
    waiting: [...context.waiting.filter((other) => other !== vm), ...(outcome === 'failed' ? [vm] : [])],
    roomless: context.roomless.filter((other) => other !== vm || outcome === 'failed'),
    failedMoves: outcome === 'stayed' ? { ...others, [vm]: failures + 1 } : others,
    review: context.review || outcome === 'runs',
  };
}

function tellAll(vms: readonly string[]) {
  return vms.map((vm) => ({ to: `vm/${vm}`, event: { type: 'capacity' } }));
}

function messages({ answers, moves, armed, held, summoned }: ClusterContext) {
  return [
    ...answers.map(({ job, node, why, disarmed }) => ({ to: job, event: { type: 'placed', node, why, disarmed } })),
    ...moves.map(({ vm, to, why, home }) => ({ to: `vm/${vm}`, event: { type: 'moveTo', to, why, home } })),
    ...(armed ? tellAll(held) : []),
    ...tellAll(summoned),
  ];
}
