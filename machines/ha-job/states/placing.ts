import { assign } from 'xstate';
import { tell } from '#actors';
import { nodeId } from '../../ids.ts';
import { type JobContext, placeRequest } from '../context.ts';
import { jobSetup } from '../job-setup.ts';

const ASK_AGAIN_MS = 5000;

export const placing = jobSetup.createStateConfig({
  entry: tell(({ context }: { context: JobContext }) => ({ to: 'cluster/main', event: placeRequest(context) })),
  on: {
    placed: [
      {
        guard: ({ event }) => event.node === null,
        target: 'failed',
        actions: assign({
          failure: ({ event }) => ({ code: event.disarmed ? 'DISARMED' : 'NO_ROOM', why: event.why }),
        }),
      },
      {
        target: 'moving',
        actions: assign({ target: ({ event }) => (event.node === null ? null : nodeId(event.node)) }),
      },
    ],
    cancel: { target: 'failed', actions: assign({ failure: { code: 'NOT_NEEDED', why: 'it runs where it was' } }) },
  },
  after: { [ASK_AGAIN_MS]: { target: 'placing', reenter: true } },
});
