import { assign } from 'xstate';
import { spawnChild } from '#actors';
import { STAYED } from '../../ha-job/mod.ts';
import { nodeId } from '../../ids.ts';
import { currentJob, isHostDown, jobInput, type VmContext } from '../context.ts';
import { vmSetup } from '../vm-setup.ts';
import { onJobDone } from './on-job-done.ts';
import { onStoppedByWish } from './on-stopped-by-wish.ts';

/** Migrated live to `target`; until the source gave its lease back it runs where it was. */
export const moving = vmSetup.createStateConfig({
  entry: [
    // Whoever started it once: what stops by itself while it is moved must not be started by that wish (T7b).
    assign({ jobs: ({ context }) => context.jobs + 1, unsettled: true, cause: 'mismatch' }),
    'noteMove',
    spawnChild(({ context }: { context: VmContext }) => ({
      address: currentJob(context),
      input: { ...jobInput(context), live: true },
    })),
  ],
  on: {
    stop: { actions: 'wishStopped' },
    start: { actions: 'wishStillRunning' },
    adopt: { actions: assign({ reload: true }) },
    hostDown: { actions: ['noteEvidence', 'tellJob'] },
    // Agents speak of a VM only while no command is under way for it: the one that was asked died.
    actual: { guard: 'isOffHere', actions: 'askAgain' },
    jobDone: onJobDone('moved to'),
    jobFailed: [
      { guard: 'isOtherJob' },
      ...onStoppedByWish(),
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
});
