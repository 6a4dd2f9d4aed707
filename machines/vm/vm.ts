import { assign, setup } from 'xstate';
import { effect, promiseActor, spawnChild, tell } from '#actors';
import { MAX_ATTEMPTS } from '../attempts/mod.ts';
import { STAYED } from '../ha-job/mod.ts';
import { nodeId } from '../ids.ts';
import type { VmDocument } from '../vm-document.ts';
import {
  currentJob,
  fromDocument,
  initialContext,
  isCurrent,
  isHostDown,
  jobInput,
  struck,
  type VmContext,
  waitMs,
} from './context.ts';
import { type VmEvent, vmOf } from './events.ts';

const RETRY_MS = 1000;
/** Agents say at least every 60 s (standard) what runs; a VM of which nobody speaks does not run. */
const CONFIRM_MS = 150_000;

/**
 * One VM: keeps it what its recorded state says. It never starts or moves anything itself: each attempt is a job of its
 * own, and at most one is under way.
 */
export const vmMachine = setup({
  types: {
    context: {} as VmContext,
    input: {} as { readonly address: string },
    events: {} as VmEvent,
  },
  actors: {
    /** The VM's document, null when there is none. */
    loadVm: promiseActor<VmDocument | null, { readonly vm: string }>(),
    /** Records `stopped`, then stops the copy on its node. */
    stopVm: promiseActor<null, { readonly vm: string }>(),
    setRecorded: promiseActor<
      null,
      { readonly vm: string; readonly recorded?: 'running' | 'stopped'; readonly actual?: string }
    >(),
  },
  delays: { wait: ({ context }) => waitMs(context) },
  guards: {
    isOurJob: ({ context, event }) => 'job' in event && event.job === currentJob(context),
    isOtherJob: ({ context, event }) => !('job' in event && event.job === currentJob(context)),
    isToStop: ({ context }) => context.recorded === 'stopped',
    isToReload: ({ context }) => context.reload,
    hasTriesLeft: ({ context }) => context.attempt < MAX_ATTEMPTS,
    isOwnHostDown: ({ context, event }) => event.type === 'hostDown' && event.node === context.lease?.node,
    isOffHere: ({ context, event }) => event.type === 'actual' && event.state === 'off' && isCurrent(context, event),
    /** The copy that the lease covers runs. */
    runsHere: ({ context, event }) => event.type === 'actual' && event.state === 'running' && isCurrent(context, event),
  },
  actions: {
    noteEvidence: assign(({ context, event }) => (event.type === 'hostDown' ? struck(context, event) : {})),
    tellJob: tell(({ context, event }: { context: VmContext; event: VmEvent }) => ({ to: currentJob(context), event })),
    askAgain: tell(({ context }: { context: VmContext }) => ({ to: currentJob(context), event: { type: 'askAgain' } })),
    cancelJob: tell(({ context }: { context: VmContext }) => ({ to: currentJob(context), event: { type: 'cancel' } })),
    /** A move that the cluster has planned does not happen: it must not wait for it. */
    declineMove: tell(({ context }: { context: VmContext }) => ({
      to: 'cluster/main',
      event: { type: 'settled', vm: vmOf(context.address), outcome: 'stayed' },
    })),
    /** It runs without a job that says so: the cluster no longer waits for it. */
    tellRuns: tell(({ context }: { context: VmContext }) => ({
      to: 'cluster/main',
      event: { type: 'settled', vm: vmOf(context.address), outcome: 'runs' },
    })),
    tellRoom: tell(() => ({ to: 'cluster/main', event: { type: 'capacity' } })),
    noteTrigger: effect(({ context }: { context: VmContext }) => noteOf('trigger', context)),
    noteRefusal: effect(({ context }: { context: VmContext }) => noteOf('refuse', context)),
    noteGiveUp: effect(({ context }: { context: VmContext }) => noteOf('give-up', context)),
    noteMove: effect(({ context }: { context: VmContext }) => noteOf('migrate', context)),
    refuseMove: effect(({ context, event }: { context: VmContext; event: VmEvent }) => ({
      run: 'note',
      input: { what: 'refuse', vm: vmOf(context.address), why: `${event.type}: it does not run` },
    })),
    clearActual: effect(({ context }: { context: VmContext }) =>
      context.gaveUp ? [{ run: 'clearActual', input: { vm: vmOf(context.address) } }] : [],
    ),
    wishRunning: assign({ recorded: 'running', cause: 'user', why: 'a user starts it' }),
    wishStopped: assign({ recorded: 'stopped', why: 'a user stops it' }),
    takeLease: assign(({ event }) => {
      if (event.type === 'jobDone') return { lease: { node: nodeId(event.node), epoch: event.epoch } };
      return event.type === 'jobFailed' ? { lease: event.lease } : {};
    }),
    takeWhy: assign(({ event }) => (event.type === 'jobFailed' ? { why: `${event.code}: ${event.why}` } : {})),
    settle: assign({ unsettled: false, attempt: 0, tried: [], target: null, evidence: [], again: false }),
  },
}).createMachine({
  id: 'vm',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => initialContext((input as { readonly address: string } | undefined)?.address ?? 'vm/unknown'),
  initial: 'loading',
  on: {
    adopt: { target: '.loading', actions: assign({ why: 'asked to read the database again' }) },
    moveTo: { actions: 'declineMove' },
    migrate: { actions: 'refuseMove' },
  },
  states: {
    loading: {
      invoke: {
        src: 'loadVm',
        input: ({ context }) => ({ vm: vmOf(context.address) }),
        onDone: [
          { guard: ({ event }) => event.output === null, target: 'absent' },
          {
            target: 'deciding',
            actions: assign(({ event }) => (event.output === null ? {} : fromDocument(event.output))),
          },
        ],
        onError: 'loadingFailed',
      },
      on: {
        hostDown: { actions: 'noteEvidence' },
        start: { actions: assign({ wish: 'running' }) },
        stop: { actions: assign({ wish: 'stopped' }) },
        adopt: { target: 'loading', reenter: true },
      },
    },
    loadingFailed: {
      after: { [RETRY_MS]: 'loading' },
      on: {
        hostDown: { actions: 'noteEvidence' },
        start: { actions: assign({ wish: 'running' }) },
        stop: { actions: assign({ wish: 'stopped' }) },
        adopt: {},
      },
    },
    absent: {
      entry: assign({ lease: null, wish: null, unsettled: false, evidence: [], attempt: 0 }),
      on: {
        start: { target: 'loading', actions: assign({ wish: 'running' }) },
        hostDown: 'loading',
        actual: 'loading',
      },
    },
    deciding: {
      always: [
        { guard: ({ context }) => context.wish === 'stopped', target: 'stopping', actions: 'wishStopped' },
        {
          guard: ({ context }) =>
            context.wish === 'running' && (context.recorded === 'stopped' || context.lease === null),
          target: 'recovering',
          actions: 'wishRunning',
        },
        { guard: 'isToStop', target: 'stopped' },
        { guard: ({ context }) => context.lease === null, target: 'recovering', actions: assign({ cause: 'user' }) },
        {
          guard: ({ context }) => context.ha && isHostDown(context),
          target: 'recovering',
          actions: assign({ cause: 'host-down' }),
        },
        { guard: ({ context }) => context.unsettled && (context.ha || context.cause === 'user'), target: 'recovering' },
        { target: 'running.unconfirmed' },
      ],
      exit: assign({ wish: null }),
    },
    stopped: {
      entry: ['settle', assign({ recorded: 'stopped' })],
      on: {
        start: { target: 'recovering', actions: 'wishRunning' },
        actual: {
          // Back from an isolation during which it was stopped.
          guard: ({ context, event }) => event.state !== 'off' && isCurrent(context, event),
          target: 'stopping',
        },
      },
    },
    running: {
      entry: ['clearActual', 'settle', assign({ gaveUp: false })],
      initial: 'active',
      on: {
        stop: { target: 'stopping', actions: 'wishStopped' },
        start: { target: 'recovering', guard: ({ context }) => context.lease === null, actions: 'wishRunning' },
        hostDown: [
          {
            guard: ({ context, event }) => context.ha && event.node === context.lease?.node,
            target: 'recovering',
            actions: [
              'noteEvidence',
              assign(({ event }) => ({
                cause: 'host-down' as const,
                why: `${event.node} is down by ${event.evidence.kind}`,
              })),
            ],
          },
          { guard: 'isOwnHostDown', target: '.off', actions: 'noteEvidence' },
        ],
        actual: [
          {
            guard: ({ context, event }) =>
              isCurrent(context, event) && event.state === 'off' && event.reason === 'guest-shutdown',
            target: 'recordingStop',
            actions: assign({ recorded: 'stopped', why: 'the guest shut itself down (T7b)' }),
          },
          {
            guard: ({ context, event }) => isCurrent(context, event) && event.state === 'off' && context.ha,
            target: 'recovering',
            actions: assign(({ context, event }) => ({
              cause: 'mismatch' as const,
              // Its host is well: there first (T7).
              target: context.lease?.node ?? null,
              why: `${event.reason} on ${event.node} (T7)`,
            })),
          },
          { guard: ({ context, event }) => isCurrent(context, event) && event.state === 'off', target: '.off' },
          {
            guard: ({ context, event }) => isCurrent(context, event) && event.state === 'suspended',
            target: '.suspended',
          },
          { guard: 'runsHere', target: '.active' },
        ],
        jobDone: { guard: 'isOurJob', actions: 'takeLease' },
        migrate: {
          actions: tell(({ context, event }) => ({
            to: 'cluster/main',
            event: { type: 'move', vm: vmOf(context.address), to: event.to },
          })),
        },
        moveTo: {
          target: 'moving',
          actions: assign(({ event }) => ({
            target: nodeId(event.to),
            home: event.home === null ? null : nodeId(event.home),
            why: event.why,
          })),
        },
      },
      states: {
        active: {},
        suspended: { on: { moveTo: { actions: 'declineMove' }, migrate: { actions: 'refuseMove' } } },
        /** Read from the database only: its agent has to confirm it. */
        unconfirmed: {
          after: {
            [CONFIRM_MS]: {
              guard: ({ context }) => context.ha,
              target: '#vm.recovering',
              actions: assign(({ context }) => ({
                cause: 'mismatch' as const,
                target: context.lease?.node ?? null,
                why: 'recorded as running, but no agent says that it runs (T7)',
              })),
            },
          },
        },
        /** Not protected, and off: a user may start it. */
        off: {
          on: {
            start: { target: '#vm.recovering', actions: 'wishRunning' },
            moveTo: { actions: 'declineMove' },
            migrate: { actions: 'refuseMove' },
          },
        },
      },
    },
    /** Migrated live to `target`; until the source gave its lease back it runs where it was. */
    moving: {
      entry: [
        assign({ jobs: ({ context }) => context.jobs + 1, unsettled: true, reload: false }),
        'noteMove',
        spawnChild(({ context }: { context: VmContext }) => ({
          address: currentJob(context),
          input: { ...jobInput(context), live: true },
        })),
      ],
      on: {
        stop: { actions: 'wishStopped' },
        start: { actions: assign({ recorded: 'running' }) },
        adopt: { actions: assign({ reload: true }) },
        hostDown: { actions: ['noteEvidence', 'tellJob'] },
        // Agents speak of a VM only while no command is under way for it: the one that was asked died.
        actual: { guard: 'isOffHere', actions: 'askAgain' },
        jobDone: [
          { guard: 'isOtherJob' },
          { guard: 'isToStop', target: 'stopping', actions: 'takeLease' },
          { guard: 'isToReload', target: 'loading', actions: ['takeLease', assign({ unsettled: false })] },
          {
            target: 'running',
            actions: [
              'takeLease',
              assign(({ context, event }) => ({
                home: context.home === event.node ? null : context.home,
                why: `moved to ${event.node}`,
              })),
            ],
          },
        ],
        jobFailed: [
          { guard: 'isOtherJob' },
          { guard: 'isToStop', target: 'stopping', actions: ['takeLease', 'takeWhy'] },
          {
            guard: ({ event }) => STAYED.has(event.code),
            target: 'running',
            actions: ['takeLease', 'takeWhy', 'noteRefusal'],
          },
          {
            guard: ({ event }) => event.code === 'LEASE_CONFLICT' || event.code === 'NO_SUCH_VM',
            target: 'loading',
            actions: 'takeWhy',
          },
          {
            guard: ({ event }) => event.holder !== undefined,
            target: 'returning',
            actions: ['takeLease', 'takeWhy', assign({ target: ({ event }) => nodeId(event.holder ?? '') })],
          },
          {
            // Nowhere now: recovered at once, at the source first if that is well.
            target: 'recovering',
            actions: [
              'takeLease',
              'takeWhy',
              assign(({ context, event }) => ({
                cause: 'mismatch' as const,
                target:
                  event.code === 'NOT_HERE' && !isHostDown({ ...context, lease: event.lease })
                    ? (event.lease?.node ?? null)
                    : null,
                tried: event.tried === undefined ? [] : [nodeId(event.tried)],
              })),
            ],
          },
        ],
      },
    },
    recovering: {
      entry: [
        assign({ jobs: ({ context }) => context.jobs + 1, unsettled: true, again: false, reload: false }),
        'noteTrigger',
        spawnChild(({ context }: { context: VmContext }) => ({
          address: currentJob(context),
          input: jobInput(context),
        })),
      ],
      on: {
        stop: { actions: 'wishStopped' },
        start: { actions: assign({ recorded: 'running' }) },
        adopt: { actions: assign({ reload: true }) },
        capacity: { actions: assign({ again: true }) },
        hostDown: { actions: ['noteEvidence', 'tellJob'] },
        actual: { guard: 'runsHere', actions: 'cancelJob' },
        jobDone: [
          { guard: 'isOtherJob' },
          { guard: 'isToStop', target: 'stopping', actions: 'takeLease' },
          { guard: 'isToReload', target: 'loading', actions: ['takeLease', assign({ unsettled: false })] },
          {
            target: 'running',
            actions: [
              'takeLease',
              assign(({ context, event }) => ({
                home: context.home === event.node ? null : context.home,
                why: `runs on ${event.node}`,
              })),
            ],
          },
        ],
        jobFailed: [
          { guard: 'isOtherJob' },
          {
            guard: ({ event }) => event.code === 'STOPPED_BY_WISH',
            target: 'recordingStop',
            actions: ['takeLease', 'takeWhy', assign({ recorded: 'stopped' })],
          },
          { guard: 'isToStop', target: 'stopping', actions: 'takeLease' },
          { guard: ({ event }) => event.code === 'NOT_NEEDED', target: 'running', actions: 'takeWhy' },
          {
            guard: ({ event }) => event.holder !== undefined,
            target: 'returning',
            actions: ['takeLease', 'takeWhy', assign({ target: ({ event }) => nodeId(event.holder ?? '') })],
          },
          {
            guard: ({ context, event }) =>
              context.reload || event.code === 'LEASE_CONFLICT' || event.code === 'NO_SUCH_VM',
            target: 'loading',
            actions: 'takeWhy',
          },
          {
            guard: ({ context, event }) => event.code === 'DISARMED' && context.again,
            target: 'recovering',
            reenter: true,
          },
          { guard: ({ event }) => event.code === 'DISARMED', target: 'held', actions: 'takeWhy' },
          {
            target: 'waiting',
            actions: [
              'takeLease',
              'takeWhy',
              assign(({ context, event }) => ({
                target: null,
                attempt: context.attempt + 1,
                tried:
                  event.tried === undefined ? context.tried : [...new Set([...context.tried, nodeId(event.tried)])],
              })),
            ],
          },
        ],
      },
    },
    /** HA is disarmed: nothing is done until it is armed, or a user says so. */
    held: {
      entry: 'noteRefusal',
      on: {
        capacity: 'recovering',
        start: { target: 'recovering', actions: 'wishRunning' },
        stop: { target: 'stopping', actions: 'wishStopped' },
        hostDown: { actions: 'noteEvidence' },
        actual: { guard: 'runsHere', target: 'running', actions: 'tellRuns' },
      },
    },
    /** The holder's copy is good after all: once it had a moment to resume, it is started there. */
    returning: {
      after: { [RETRY_MS]: 'recovering' },
      on: {
        hostDown: [
          {
            guard: ({ context, event }) => event.node === context.target,
            target: 'recovering',
            actions: ['noteEvidence', assign({ target: null })],
          },
          { actions: 'noteEvidence' },
        ],
        actual: { guard: 'runsHere', target: 'running', actions: 'tellRuns' },
        stop: { target: 'stopping', actions: 'wishStopped' },
      },
    },
    waiting: {
      always: {
        guard: ({ context }) => context.again && context.attempt < MAX_ATTEMPTS,
        target: 'recovering',
      },
      after: {
        wait: [{ guard: 'hasTriesLeft', target: 'recovering' }, { target: 'failed' }],
      },
      on: {
        capacity: { guard: 'hasTriesLeft', target: 'recovering' },
        stop: { target: 'stopping', actions: 'wishStopped' },
        start: { actions: assign({ recorded: 'running' }) },
        hostDown: { actions: 'noteEvidence' },
        actual: {
          guard: 'runsHere',
          target: 'running',
          actions: ['tellRuns', assign({ why: 'resumed where it was (B2)' })],
        },
      },
    },
    stopping: {
      invoke: {
        src: 'stopVm',
        input: ({ context }) => ({ vm: vmOf(context.address) }),
        onDone: { target: 'stopped', actions: 'tellRoom' },
        onError: 'stoppingFailed',
      },
      on: {
        hostDown: { guard: 'isOwnHostDown', target: 'recordingStop' },
        start: { target: 'recovering', actions: 'wishRunning' },
      },
    },
    stoppingFailed: {
      after: { [RETRY_MS]: 'stopping' },
      on: {
        hostDown: { guard: 'isOwnHostDown', target: 'recordingStop' },
        start: { target: 'recovering', actions: 'wishRunning' },
      },
    },
    recordingStop: {
      invoke: {
        src: 'setRecorded',
        input: ({ context }) => ({ vm: vmOf(context.address), recorded: 'stopped' as const }),
        onDone: { target: 'stopped', actions: 'tellRoom' },
        onError: 'recordingFailed',
      },
      on: { start: { target: 'recovering', actions: 'wishRunning' } },
    },
    recordingFailed: {
      after: { [RETRY_MS]: 'recordingStop' },
      on: { start: { target: 'recovering', actions: 'wishRunning' } },
    },
    /** B5: the attempts are used up. A user's start begins anew. */
    failed: {
      entry: ['noteGiveUp', assign({ attempt: 0, tried: [], unsettled: false, gaveUp: true })],
      initial: 'recording',
      on: {
        start: { target: 'recovering', actions: 'wishRunning' },
        stop: { target: 'stopping', actions: 'wishStopped' },
        hostDown: { actions: 'noteEvidence' },
        actual: { guard: 'runsHere', target: 'running', actions: 'tellRuns' },
      },
      states: {
        recording: {
          invoke: {
            src: 'setRecorded',
            input: ({ context }) => ({ vm: vmOf(context.address), actual: `failed: ${context.why}` }),
            onDone: 'recorded',
            onError: 'recordingFailed',
          },
        },
        recordingFailed: { after: { [RETRY_MS]: 'recording' } },
        recorded: {},
      },
    },
  },
});

function noteOf(what: string, context: VmContext) {
  return { run: 'note', input: { what, vm: vmOf(context.address), why: wordsOf(what, context) } };
}

function wordsOf(what: string, { cause, attempt, why, target }: VmContext): string {
  if (what === 'migrate') return `to ${target ?? 'nowhere'}: ${why}`;
  if (what === 'give-up') return `${cause}, after ${attempt} attempts: ${why}`;
  return `${cause}, attempt ${attempt + 1}: ${why}`;
}
