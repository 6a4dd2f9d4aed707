import { assign } from 'xstate';
import { initialContext } from './context.ts';
import { absent, deciding, loading, loadingFailed, removing, removingFailed } from './states/deciding.ts';
import { failed } from './states/failed.ts';
import { moving } from './states/moving.ts';
import { recovering } from './states/recovering.ts';
import { running } from './states/running.ts';
import { recordingFailed, recordingStop, stopped, stopping, stoppingFailed } from './states/stopping.ts';
import { held, returning, waiting } from './states/waiting.ts';
import { vmSetup } from './vm-setup.ts';

/**
 * One VM: keeps it what its recorded state says. It never starts or moves anything itself: each attempt is a job of its
 * own, and at most one is under way.
 */
export const vmMachine = vmSetup.createMachine({
  id: 'vm',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => initialContext((input as { readonly address: string } | undefined)?.address ?? 'vm/unknown'),
  initial: 'loading',
  on: {
    adopt: { target: '.loading', actions: assign({ why: 'asked to read the database again' }) },
    moveTo: { actions: 'declineMove' },
    migrate: { actions: 'refuseMove' },
  },
  states: {
    loading,
    loadingFailed,
    removing,
    removingFailed,
    absent,
    deciding,
    stopped,
    running,
    moving,
    recovering,
    held,
    returning,
    waiting,
    stopping,
    stoppingFailed,
    recordingStop,
    recordingFailed,
    failed,
  },
});
