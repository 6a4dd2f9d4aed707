import { assign } from 'xstate';
import { fresher, initialContext } from './context.ts';
import type { JobInput } from './events.ts';
import { jobSetup } from './job-setup.ts';
import { done, failed } from './states/ended.ts';
import { migrating, preparing } from './states/migrating.ts';
import { moving, movingFailed } from './states/moving.ts';
import { placing } from './states/placing.ts';
import { starting } from './states/starting.ts';

/**
 * One attempt: place, move the database lease, start. A live one first has the running copy migrated: then the target
 * holds it suspended, the source gave its lease sector back, and the rest is the same. A start whose outcome is unknown is
 * repeated on the same node until the answer is definite or that node is known down (protocol, step 5), so one job never
 * has two copies in the making.
 */
export const jobMachine = jobSetup.createMachine({
  id: 'ha-job',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => initialContext(input as JobInput | undefined),
  initial: 'begun',
  on: {
    hostDown: { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
  },
  states: {
    begun: { always: [{ guard: ({ context }) => context.live, target: 'preparing' }, { target: 'placing' }] },
    preparing,
    migrating,
    placing,
    moving,
    movingFailed,
    starting,
    done,
    failed,
  },
});
