import { assign } from 'xstate';
import { fromDocument, isHostDown } from '../context.ts';
import { vmOf } from '../events.ts';
import { RETRY_MS, vmSetup } from '../vm-setup.ts';

export const loading = vmSetup.createStateConfig({
  invoke: {
    src: 'loadVm',
    input: ({ context }) => ({ vm: vmOf(context.address) }),
    onDone: [
      {
        guard: ({ event }) => event.output === null,
        target: 'removing',
        actions: assign({ wish: null, reload: false }),
      },
      {
        // Epochs only grow: this is another VM of the same name.
        guard: ({ context, event }) => (event.output?.lease?.epoch ?? 0) < (context.lease?.epoch ?? 0),
        target: 'removing',
        actions: assign({ reload: true }),
      },
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
  on: {
    start: { target: 'loading', actions: assign({ wish: 'running' }) },
    hostDown: 'loading',
    actual: 'loading',
  },
});

/** Its document is gone: its copy is ended too, before another VM may have its name. */
export const removing = vmSetup.createStateConfig({
  entry: assign({ lease: null, home: null, target: null, unsettled: false, evidence: [], tried: [], attempt: 0 }),
  invoke: {
    src: 'endRemoved',
    input: ({ context }) => ({ vm: vmOf(context.address) }),
    onDone: [
      { guard: 'isToReload', target: 'loading', actions: 'tellRoom' },
      { target: 'absent', actions: 'tellRoom' },
    ],
    onError: 'removingFailed',
  },
  on: whileRemoved(),
});

export const removingFailed = vmSetup.createStateConfig({ after: { [RETRY_MS]: 'removing' }, on: whileRemoved() });

/** What is said of another VM of that name waits until the old one is gone. */
function whileRemoved() {
  return {
    adopt: { actions: 'readLater' },
    start: { actions: ['readLater', 'wishStillRunning'] },
    stop: { actions: ['readLater', 'wishStopped'] },
  } as const;
}

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
