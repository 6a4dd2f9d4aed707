import { tell } from '#actors';
import { type JobContext, outcomeOf, targetOf } from '../context.ts';
import { jobSetup } from '../job-setup.ts';

export const done = jobSetup.createStateConfig({
  type: 'final',
  entry: tell(({ context }: { context: JobContext }) => [
    {
      to: `vm/${context.vm}`,
      event: { type: 'jobDone', job: context.address, node: targetOf(context), epoch: context.lease?.epoch ?? 0 },
    },
    { to: 'cluster/main', event: { type: 'settled', vm: context.vm, outcome: 'runs' } },
  ]),
});

export const failed = jobSetup.createStateConfig({
  type: 'final',
  entry: tell(({ context }: { context: JobContext }) => [
    {
      to: `vm/${context.vm}`,
      event: { type: 'jobFailed', job: context.address, lease: context.lease, ...context.failure },
    },
    { to: 'cluster/main', event: { type: 'settled', vm: context.vm, outcome: outcomeOf(context) } },
  ]),
});
