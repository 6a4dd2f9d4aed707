import { assign, setup } from 'xstate';
import { promiseActor, tell } from '#actors';
import type { DownEvidence } from '../evidence.ts';
import { type NodeId, nodeId, vmId } from '../ids.ts';
import type { JobEvent, JobInput, MoveLeaseResult, StartResult } from './events.ts';

const RETRY_MS = 1000;
const ASK_AGAIN_MS = 5000;

interface JobContext extends JobInput {
  readonly failure: { readonly code: string; readonly why: string; readonly holder?: string; readonly tried?: string };
}

const NO_INPUT: JobInput = {
  address: 'job/unknown',
  vm: vmId('unknown'),
  cpus: 0,
  memoryMiB: 0,
  priority: 0,
  lease: null,
  cause: 'user',
  evidence: [],
  target: null,
  avoid: [],
};

/**
 * One attempt: place, move the database lease, start. A start whose outcome is unknown is repeated on the same node until
 * the answer is definite or that node is known down (protocol, step 5), so one job never has two copies in the making.
 */
export const jobMachine = setup({
  types: { context: {} as JobContext, input: {} as JobInput, events: {} as JobEvent },
  actors: {
    /** Compare-and-set on the VM's document; the same move twice succeeds twice. */
    moveLease: promiseActor<
      MoveLeaseResult,
      { readonly vm: string; readonly expectedEpoch: number; readonly node: string }
    >(),
    startOn: promiseActor<
      StartResult,
      {
        readonly node: string;
        readonly vm: string;
        readonly epoch: number;
        readonly evidence: readonly DownEvidence[];
        readonly evenIfStopped: boolean;
      }
    >(),
  },
}).createMachine({
  id: 'ha-job',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => ({ ...((input as JobInput | undefined) ?? NO_INPUT), failure: { code: '', why: '' } }),
  initial: 'begun',
  states: {
    begun: { always: [{ guard: ({ context }) => context.target !== null, target: 'moving' }, { target: 'placing' }] },
    placing: {
      entry: tell(({ context }: { context: JobContext }) => ({ to: 'cluster/main', event: placeRequest(context) })),
      on: {
        placed: [
          {
            guard: ({ event }) => event.node === null,
            target: 'failed',
            actions: assign({ failure: ({ event }) => ({ code: 'NO_ROOM', why: event.why }) }),
          },
          {
            target: 'moving',
            actions: assign({ target: ({ event }) => (event.node === null ? null : nodeId(event.node)) }),
          },
        ],
      },
      after: { [ASK_AGAIN_MS]: { target: 'placing', reenter: true } },
    },
    moving: {
      invoke: {
        src: 'moveLease',
        input: ({ context }) => ({
          vm: context.vm,
          expectedEpoch: context.lease?.epoch ?? 0,
          node: targetOf(context),
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
              failure: ({ event }) => ({ code: 'LEASE_CONFLICT', why: event.output.ok ? '' : event.output.why }),
            }),
          },
        ],
        onError: 'movingFailed',
      },
    },
    movingFailed: { after: { [RETRY_MS]: 'moving' } },
    starting: {
      initial: 'asking',
      on: {
        hostDown: [
          {
            guard: ({ context, event }) => event.node === context.target,
            target: 'failed',
            actions: assign({
              failure: ({ event }) => ({ code: 'HOST_DOWN', why: `${event.node} went down too`, tried: event.node }),
            }),
          },
          { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
        ],
      },
      states: {
        asking: {
          invoke: {
            src: 'startOn',
            input: ({ context }) => ({
              node: targetOf(context),
              vm: context.vm,
              epoch: context.lease?.epoch ?? 0,
              evidence: context.evidence,
              evenIfStopped: context.cause === 'user',
            }),
            onDone: [
              { guard: ({ event }) => event.output.ok, target: '#ha-job.done' },
              {
                guard: ({ event }) => !event.output.ok && event.output.definite,
                target: '#ha-job.failed',
                actions: assign({ failure: ({ context, event }) => failureOf(context, event.output) }),
              },
              { target: 'unknown' },
            ],
            onError: 'unknown',
          },
        },
        unknown: { after: { [RETRY_MS]: 'asking' } },
      },
    },
    done: {
      type: 'final',
      entry: tell(({ context }: { context: JobContext }) => [
        {
          to: `vm/${context.vm}`,
          event: { type: 'jobDone', job: context.address, node: targetOf(context), epoch: context.lease?.epoch ?? 0 },
        },
        { to: 'cluster/main', event: { type: 'settled', vm: context.vm } },
      ]),
    },
    failed: {
      type: 'final',
      entry: tell(({ context }: { context: JobContext }) => [
        {
          to: `vm/${context.vm}`,
          event: { type: 'jobFailed', job: context.address, lease: context.lease, ...context.failure },
        },
        { to: 'cluster/main', event: { type: 'settled', vm: context.vm } },
      ]),
    },
  },
});

function placeRequest({ vm, address, cpus, memoryMiB, priority, avoid }: JobContext) {
  return { type: 'place', vm, job: address, cpus, memoryMiB, priority, avoid };
}

function targetOf({ target, address }: JobContext): NodeId {
  if (target === null) throw new RangeError(`${address} has no node yet`);
  return target;
}

function fresher(known: readonly DownEvidence[], next: DownEvidence): readonly DownEvidence[] {
  return [...known.filter(({ node }) => node !== next.node), next];
}

function failureOf({ target }: JobContext, result: StartResult): JobContext['failure'] {
  if (result.ok) return { code: '', why: '' };
  const { code, why, holder } = result;
  return { code, why, ...(holder === undefined ? {} : { holder }), ...(target === null ? {} : { tried: target }) };
}
