import { assign } from 'xstate';
import { expectOf, failureOf, fresher, targetOf, whyOf } from '../context.ts';
import { jobSetup, RETRY_MS } from '../job-setup.ts';

export const preparing = jobSetup.createStateConfig({
  invoke: {
    src: 'expectOn',
    input: ({ context }) => ({ ...expectOf(context, targetOf(context)), attempt: context.address }),
    onDone: [
      { guard: ({ event }) => event.output.ok, target: 'migrating' },
      {
        target: 'failed',
        actions: assign({ failure: ({ event }) => ({ code: 'MIGRATE_REFUSED', why: whyOf(event.output) }) }),
      },
    ],
    onError: {
      target: 'failed',
      actions: assign({ failure: { code: 'MIGRATE_REFUSED', why: 'the target does not answer' } }),
    },
  },
});

export const migrating = jobSetup.createStateConfig({
  initial: 'asking',
  on: {
    askAgain: { target: '.asking', reenter: true },
    // Down, so not running: from here on it is recovered like any other.
    hostDown: [
      {
        guard: ({ context, event }) => event.node === context.lease?.node,
        target: 'failed',
        actions: assign({
          failure: ({ event }) => ({ code: 'HOST_DOWN', why: `${event.node} went down while it was migrated` }),
        }),
      },
      { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
    ],
  },
  states: {
    asking: {
      invoke: {
        src: 'migrateFrom',
        input: ({ context }) => ({ ...expectOf(context, context.lease?.node ?? ''), to: targetOf(context) }),
        onDone: [
          { guard: ({ event }) => event.output.ok, target: '#ha-job.moving' },
          {
            guard: ({ event }) => !event.output.ok && event.output.definite,
            target: '#ha-job.failed',
            actions: assign({ failure: ({ context, event }) => failureOf(context, event.output) }),
          },
          { target: 'unknown' },
        ],
        onError: 'unknown',
      },
    },
    unknown: { after: { [RETRY_MS]: 'looking' } },
    /** Out of reach the source may have done it all the same: once its lease is given back, the target may go on. */
    looking: {
      invoke: {
        src: 'isReleased',
        input: ({ context }) => expectOf(context, context.lease?.node ?? ''),
        onDone: [{ guard: ({ event }) => event.output, target: '#ha-job.moving' }, { target: 'asking' }],
        // Asked again, the source knows whether it is still there.
        onError: 'asking',
      },
    },
  },
});
