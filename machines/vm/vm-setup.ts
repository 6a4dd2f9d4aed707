import { assign, setup } from 'xstate';
import { effect, promiseActor, tell } from '#actors';
import { MAX_ATTEMPTS } from '../attempts/mod.ts';
import { nodeId } from '../ids.ts';
import type { VmDocument } from '../vm-document.ts';
import { currentJob, isCurrent, runsAtHolder, runsHere, struck, type VmContext, waitMs } from './context.ts';
import { type VmEvent, vmOf } from './events.ts';

/** Between two tries at what the database or a node did not answer. */
export const RETRY_MS = 1000;

/** What the states of a VM's chart are written with: its events, effects, conditions and steps. */
export const vmSetup = setup({
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
    /** Ends the copy of a VM whose document is gone, where its lease sector says that it is. */
    endRemoved: promiseActor<null, { readonly vm: string }>(),
    setRecorded: promiseActor<
      null,
      { readonly vm: string; readonly recorded?: 'running' | 'stopped'; readonly actual?: string }
    >(),
  },
  delays: { wait: ({ context }) => waitMs(context) },
  guards: {
    isOurJob: ({ context, event }) => 'job' in event && event.job === currentJob(context),
    isOtherJob: ({ context, event }) => !('job' in event && event.job === currentJob(context)),
    isStoppedByWish: ({ event }) => event.type === 'jobFailed' && event.code === 'STOPPED_BY_WISH',
    startsAnyway: ({ context, event }) =>
      event.type === 'jobFailed' && event.code === 'STOPPED_BY_WISH' && context.wish === 'running',
    isToStop: ({ context }) => context.recorded === 'stopped',
    isToReload: ({ context }) => context.reload,
    hasTriesLeft: ({ context }) => context.attempt < MAX_ATTEMPTS,
    isOwnHostDown: ({ context, event }) => event.type === 'hostDown' && event.node === context.lease?.node,
    isOffHere: ({ context, event }) => event.type === 'actual' && event.state === 'off' && isCurrent(context, event),
    runsAtHolder: ({ context, event }) => event.type === 'actual' && runsAtHolder(context, event),
    /** The copy that the lease covers runs. */
    runsHere: ({ context, event }) => event.type === 'actual' && runsHere(context, event),
    /**
     * The same, but a user started it while the database may still say `stopped`: a stop that never got through. Left alone
     * it would run unrecorded, so it is leased there anew, which records it.
     */
    runsUnrecorded: ({ context, event }) =>
      event.type === 'actual' && context.cause === 'user' && runsHere(context, event),
    /** That was seen already. */
    isBeingLeasedHere: ({ context, event }) =>
      event.type === 'actual' && context.target === event.node && context.cause === 'user',
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
    /** A user stops it while it waits: nobody has to make room for it. */
    tellOff: tell(({ context }: { context: VmContext }) => ({
      to: 'cluster/main',
      event: { type: 'settled', vm: vmOf(context.address), outcome: 'off' },
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
    /** Its agent says so, not the start's answer: where else it was to be placed before, it takes no more room. */
    confirmRuns: effect(({ context }: { context: VmContext }) =>
      context.lease === null
        ? []
        : [{ run: 'confirmRuns', input: { vm: vmOf(context.address), epoch: context.lease.epoch } }],
    ),
    wishRunning: assign({ recorded: 'running', wish: 'running', cause: 'user', why: 'a user starts it' }),
    /** It is on its way to run already. */
    wishStillRunning: assign({ recorded: 'running', wish: 'running' }),
    wishStopped: assign({ recorded: 'stopped', wish: 'stopped', why: 'a user stops it' }),
    stopsByItself: assign({ recorded: 'stopped', wish: 'stopped', why: 'the guest shut itself down (T7b)' }),
    takeLease: assign(({ event }) => {
      if (event.type === 'jobDone') return { lease: { node: nodeId(event.node), epoch: event.epoch } };
      return event.type === 'jobFailed' ? { lease: event.lease } : {};
    }),
    takeWhy: assign(({ event }) => (event.type === 'jobFailed' ? { why: `${event.code}: ${event.why}` } : {})),
    noteWhere: assign(({ context, event }, { what }: { readonly what: string }) =>
      event.type === 'jobDone'
        ? { home: context.home === event.node ? null : context.home, why: `${what} ${event.node}` }
        : {},
    ),
    readLater: assign({ reload: true }),
    takeHolder: assign(({ event }) =>
      event.type === 'actual'
        ? { target: nodeId(event.node), why: `it runs on ${event.node}, which still has it` }
        : {},
    ),
    noteSettled: assign({ unsettled: false }),
    settle: assign({ wish: null, unsettled: false, attempt: 0, tried: [], target: null, evidence: [], again: false }),
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
