import { assign } from 'xstate';
import { MAX_ATTEMPTS } from '../../attempts/mod.ts';
import { RETRY_MS, vmSetup } from '../vm-setup.ts';

/** HA is disarmed: nothing is done until it is armed, or a user says so. */
export const held = vmSetup.createStateConfig({
  entry: 'noteRefusal',
  on: {
    capacity: 'recovering',
    start: { target: 'recovering', actions: 'wishRunning' },
    stop: { target: 'stopping', actions: 'wishStopped' },
    hostDown: { actions: 'noteEvidence' },
    actual: { guard: 'runsHere', target: 'running', actions: ['tellRuns', 'confirmRuns'] },
  },
});

/** The holder's copy is good after all: once it had a moment to resume, it is started there. */
export const returning = vmSetup.createStateConfig({
  after: { [RETRY_MS]: 'recovering' },
  on: {
    hostDown: [
      {
        guard: ({ context, event }) => event.node === context.target,
        target: 'recovering',
        actions: ['noteEvidence', assign({ target: null })],
      },
      { actions: 'noteEvidence' },
    ],
    actual: [
      { guard: 'isBeingLeasedHere' },
      { guard: 'runsUnrecorded', actions: 'takeHolder' },
      { guard: 'runsHere', target: 'running', actions: ['tellRuns', 'confirmRuns'] },
    ],
    stop: { target: 'stopping', actions: 'wishStopped' },
    start: { actions: 'wishStillRunning' },
  },
});

export const waiting = vmSetup.createStateConfig({
  always: {
    guard: ({ context }) => context.again && context.attempt < MAX_ATTEMPTS,
    target: 'recovering',
  },
  after: {
    wait: [{ guard: 'hasTriesLeft', target: 'recovering' }, { target: 'failed' }],
  },
  on: {
    capacity: { guard: 'hasTriesLeft', target: 'recovering' },
    stop: { target: 'stopping', actions: ['wishStopped', 'tellOff'] },
    start: { actions: 'wishStillRunning' },
    hostDown: { actions: 'noteEvidence' },
    actual: [
      { guard: 'runsUnrecorded', target: 'returning', actions: 'takeHolder' },
      {
        guard: 'runsHere',
        target: 'running',
        actions: ['tellRuns', 'confirmRuns', assign({ why: 'resumed where it was (B2)' })],
      },
      { guard: 'runsAtHolder', target: 'returning', actions: 'takeHolder' },
    ],
  },
});
