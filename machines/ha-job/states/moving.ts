import { assign } from 'xstate';
import { targetOf } from '../context.ts';
import { jobSetup, RETRY_MS } from '../job-setup.ts';

export const moving = jobSetup.createStateConfig({
  invoke: {
    src: 'moveLease',
    input: ({ context }) => ({
      vm: context.vm,
      expectedEpoch: context.lease?.epoch ?? 0,
      node: targetOf(context),
      home: context.home,
      byUser: context.cause === 'user' && !context.live,
    }),
    onDone: [
      {
        guard: ({ event }) => event.output.ok,
        target: 'starting',
        actions: assign({
          lease: ({ context, event }) =>
            event.output.ok ? { node: targetOf(context), epoch: event.output.epoch } : context.lease,
        }),
      },
      {
        target: 'failed',
        actions: assign({
          failure: ({ event }) => ({
            code: !event.output.ok && event.output.gone === true ? 'NO_SUCH_VM' : 'LEASE_CONFLICT',
            why: event.output.ok ? '' : event.output.why,
          }),
        }),
      },
    ],
    onError: 'movingFailed',
  },
});

export const movingFailed = jobSetup.createStateConfig({ after: { [RETRY_MS]: 'moving' } });
