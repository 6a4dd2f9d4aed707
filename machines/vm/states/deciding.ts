import { assign } from 'xstate';
import { fromDocument, isHostDown } from '../context.ts';
import { vmOf } from '../events.ts';
import { RETRY_MS, vmSetup } from '../vm-setup.ts';

export const loading = vmSetup.createStateConfig({
  invoke: {
    src: 'loadVm',
    input: ({ context }) => ({ vm: vmOf(context.address) }),
    onDone: [
      { guard: ({ event }) => event.output === null, target: 'absent' },
      {
        target: 'deciding',
        actions: assign(({ context, event }) => (event.output === null ? {} : fromDocument(event.output, context))),
      },
    ],
    onError: 'loadingFailed',
  },
  on: {
    hostDown: { actions: 'noteEvidence' },
    start: { actions: assign({ wish: 'running' }) },
    stop: { actions: assign({ wish: 'stopped' }) },
    adopt: { target: 'loading', reenter: true },
  },
});

export const loadingFailed = vmSetup.createStateConfig({
  after: { [RETRY_MS]: 'loading' },
  on: {
    hostDown: { actions: 'noteEvidence' },
    start: { actions: assign({ wish: 'running' }) },
    stop: { actions: assign({ wish: 'stopped' }) },
    adopt: {},
  },
});

export const absent = vmSetup.createStateConfig({
  entry: assign({ lease: null, wish: null, unsettled: false, evidence: [], attempt: 0 }),
  on: {
    start: { target: 'loading', actions: assign({ wish: 'running' }) },
    hostDown: 'loading',
    actual: 'loading',
  },
});

export const deciding = vmSetup.createStateConfig({
  always: [
    { guard: ({ context }) => context.wish === 'stopped', target: 'stopping', actions: 'wishStopped' },
    {
      guard: ({ context }) => context.wish === 'running',
      target: 'recovering',
      actions: 'wishRunning',
    },
    { guard: 'isToStop', target: 'stopped' },
    { guard: ({ context }) => context.lease === null, target: 'recovering', actions: assign({ cause: 'user' }) },
    {
      guard: ({ context }) => context.ha && isHostDown(context),
      target: 'recovering',
      actions: assign({ cause: 'host-down' }),
    },
    { guard: ({ context }) => context.unsettled && (context.ha || context.cause === 'user'), target: 'recovering' },
    { target: 'running.unconfirmed' },
  ],
});
