import { assign } from 'xstate';
import { spawnChild } from '#actors';
import { MAX_ATTEMPTS } from '../../attempts/mod.ts';
import { nodeId } from '../../ids.ts';
import { currentJob, jobInput, type VmContext } from '../context.ts';
import { vmSetup } from '../vm-setup.ts';
import { onJobDone } from './on-job-done.ts';
import { onStoppedByWish } from './on-stopped-by-wish.ts';

export const recovering = vmSetup.createStateConfig({
  entry: [
    assign({ jobs: ({ context }) => context.jobs + 1, unsettled: true, again: false }),
    'noteTrigger',
    spawnChild(({ context }: { context: VmContext }) => ({
      address: currentJob(context),
      input: jobInput(context),
    })),
  ],
  on: {
    stop: { actions: 'wishStopped' },
    start: { actions: 'wishStillRunning' },
    adopt: { actions: assign({ reload: true }) },
    capacity: { actions: assign({ again: true }) },
    hostDown: { actions: ['noteEvidence', 'tellJob'] },
    actual: [{ guard: 'isBeingLeasedHere' }, { guard: 'runsHere', actions: 'cancelJob' }],
    jobDone: onJobDone('runs on'),
    jobFailed: [
      { guard: 'isOtherJob' },
      ...onStoppedByWish(),
      { guard: 'isToStop', target: 'stopping', actions: ['takeLease', 'tellOff'] },
      {
        // The database may say `stopped` still: leased where it runs, it is recorded.
        guard: ({ context, event }) => event.code === 'NOT_NEEDED' && context.cause === 'user',
        target: 'returning',
        actions: assign({
          target: ({ context }) => context.lease?.node ?? null,
          why: 'a user starts it, and it runs: it is leased there anew',
        }),
      },
      { guard: ({ event }) => event.code === 'NOT_NEEDED', target: 'running', actions: ['takeWhy', 'confirmRuns'] },
      {
        guard: ({ event }) => event.holder !== undefined,
        target: 'returning',
        actions: ['takeLease', 'takeWhy', assign({ target: ({ event }) => nodeId(event.holder ?? '') })],
      },
      {
        guard: ({ context, event }) => context.reload || event.code === 'LEASE_CONFLICT' || event.code === 'NO_SUCH_VM',
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
            // One that runs where it was, and is only to be leased there anew, may have used up all of them.
            attempt: Math.min(MAX_ATTEMPTS, context.attempt + 1),
            tried: event.tried === undefined ? context.tried : [...new Set([...context.tried, nodeId(event.tried)])],
          })),
        ],
      },
    ],
  },
});
