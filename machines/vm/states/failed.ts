import { assign } from 'xstate';
import { vmOf } from '../events.ts';
import { RETRY_MS, vmSetup } from '../vm-setup.ts';

/** B5: the attempts are used up. A user's start begins anew. */
export const failed = vmSetup.createStateConfig({
  entry: ['noteGiveUp', assign({ wish: null, attempt: 0, tried: [], unsettled: false, gaveUp: true })],
  initial: 'recording',
  on: {
    start: { target: 'recovering', actions: 'wishRunning' },
    stop: { target: 'stopping', actions: ['wishStopped', 'tellOff'] },
    hostDown: { actions: 'noteEvidence' },
    actual: [
      { guard: 'runsUnrecorded', target: 'returning', actions: 'takeHolder' },
      { guard: 'runsHere', target: 'running', actions: ['tellRuns', 'confirmRuns'] },
      { guard: 'runsAtHolder', target: 'returning', actions: 'takeHolder' },
    ],
  },
  states: {
    recording: {
      invoke: {
        src: 'setRecorded',
        input: ({ context }) => ({ vm: vmOf(context.address), actual: `failed: ${context.why}` }),
        onDone: 'recorded',
        onError: 'recordingFailed',
      },
    },
    recordingFailed: { after: { [RETRY_MS]: 'recording' } },
    recorded: {},
  },
});
