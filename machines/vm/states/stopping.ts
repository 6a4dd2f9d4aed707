import { assign } from 'xstate';
import { vmOf } from '../events.ts';
import { RETRY_MS, vmSetup } from '../vm-setup.ts';

export const stopped = vmSetup.createStateConfig({
  entry: ['settle', assign({ recorded: 'stopped' })],
  always: { guard: 'isToReload', target: 'loading' },
  on: {
    start: { target: 'recovering', actions: 'wishRunning' },
    actual: {
      // Back from an isolation during which it was stopped, perhaps under an older lease than the database has now.
      guard: ({ event }) => event.state !== 'off',
      target: 'stopping',
    },
  },
});

export const stopping = vmSetup.createStateConfig({
  invoke: {
    src: 'stopVm',
    input: ({ context }) => ({ vm: vmOf(context.address) }),
    onDone: { target: 'stopped', actions: 'tellRoom' },
    onError: 'stoppingFailed',
  },
  on: {
    hostDown: { guard: 'isOwnHostDown', target: 'recordingStop' },
    start: { target: 'recovering', actions: 'wishRunning' },
  },
});

export const stoppingFailed = vmSetup.createStateConfig({
  after: { [RETRY_MS]: 'stopping' },
  on: {
    hostDown: { guard: 'isOwnHostDown', target: 'recordingStop' },
    start: { target: 'recovering', actions: 'wishRunning' },
  },
});

export const recordingStop = vmSetup.createStateConfig({
  invoke: {
    src: 'setRecorded',
    input: ({ context }) => ({ vm: vmOf(context.address), recorded: 'stopped' as const }),
    onDone: { target: 'stopped', actions: 'tellRoom' },
    // A document that is gone can never say so.
    onError: [{ guard: 'isToReload', target: 'loading' }, { target: 'recordingFailed' }],
  },
  on: { start: { target: 'recovering', actions: 'wishRunning' } },
});

export const recordingFailed = vmSetup.createStateConfig({
  after: { [RETRY_MS]: 'recordingStop' },
  on: { start: { target: 'recovering', actions: 'wishRunning' } },
});
