import { assign } from 'xstate';
import { tell } from '#actors';
import { failureOf, fresher, type JobContext, targetOf } from '../context.ts';
import { jobSetup, RETRY_MS } from '../job-setup.ts';

/** So many times in a row nobody answers before it is looked whether the node has the VM at all. */
const SILENT_ASKS = 2;
/** Between two looks whether a start hangs still. */
const HUNG_AGAIN_MS = 30_000;

export const starting = jobSetup.createStateConfig({
  initial: 'asking',
  on: {
    hostDown: [
      {
        guard: ({ context, event }) => event.node === context.target,
        target: 'failed',
        actions: assign({
          failure: ({ event }) => ({ code: 'HOST_DOWN', why: `${event.node} went down too`, tried: event.node }),
        }),
      },
      { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
    ],
  },
  states: {
    asking: {
      invoke: {
        src: 'startOn',
        input: ({ context }) => ({
          node: targetOf(context),
          vm: context.vm,
          epoch: context.lease?.epoch ?? 0,
          evidence: context.evidence,
          evenIfStopped: context.cause === 'user',
          attempt: context.address,
        }),
        onDone: [
          { guard: ({ event }) => event.output.ok, target: '#ha-job.done' },
          {
            guard: ({ event }) => !event.output.ok && event.output.definite,
            target: '#ha-job.failed',
            actions: assign({ failure: ({ context, event }) => failureOf(context, event.output) }),
          },
          { guard: ({ event }) => !event.output.ok && event.output.code === 'HUNG', target: 'hung' },
          { target: 'unknown' },
        ],
        onError: 'unknown',
      },
    },
    /** It may start there at any time: only when that node is off may another have the VM. */
    hung: {
      entry: tell(({ context }: { context: JobContext }) => ({
        to: `node/${targetOf(context)}`,
        event: { type: 'stuck', vm: context.vm },
      })),
      after: { [HUNG_AGAIN_MS]: 'asking' },
    },
    unknown: {
      entry: assign({ asks: ({ context }) => context.asks + 1 }),
      after: {
        [RETRY_MS]: [{ guard: ({ context }) => context.asks >= SILENT_ASKS, target: 'looking' }, { target: 'asking' }],
      },
    },
    /** Alive, but out of reach (T6), it may never answer. Unless it has the VM's lease sector, another may take that. */
    looking: {
      entry: assign({ asks: 0 }),
      invoke: {
        src: 'hasSector',
        input: ({ context }) => ({ vm: context.vm, node: targetOf(context) }),
        onDone: [
          { guard: ({ event }) => event.output, target: 'asking' },
          {
            target: '#ha-job.failed',
            actions: assign({
              failure: ({ context }) => ({
                code: 'NO_ANSWER',
                why: `${targetOf(context)} does not answer, and does not have it`,
                tried: targetOf(context),
              }),
            }),
          },
        ],
        onError: 'asking',
      },
    },
  },
});
