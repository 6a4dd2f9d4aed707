import { assign } from 'xstate';
import { tell } from '#actors';
import { nodeId } from '../../ids.ts';
import { isCurrent } from '../context.ts';
import { vmOf } from '../events.ts';
import { vmSetup } from '../vm-setup.ts';

/** Agents say at least every 60 s (standard) what runs; a VM of which nobody speaks does not run. */
const CONFIRM_MS = 150_000;

export const running = vmSetup.createStateConfig({
  entry: ['clearActual', 'settle', assign({ gaveUp: false })],
  initial: 'active',
  // Its document changed while it was moved or recovered, perhaps by going: nobody says so again.
  always: { guard: 'isToReload', target: 'loading' },
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
        actions: 'stopsByItself',
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
        // Attempts from when it was protected moved the lease on in vain, and its holder is back: it is leased there anew.
        actual: { guard: 'runsAtHolder', target: '#vm.returning', actions: 'takeHolder' },
        moveTo: { actions: 'declineMove' },
        migrate: { actions: 'refuseMove' },
      },
    },
  },
});
