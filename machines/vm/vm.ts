import { assign, setup } from 'xstate';
import { effect, promiseActor, spawnChild, tell } from '#actors';
import { MAX_ATTEMPTS } from '../attempts/mod.ts';
import type { VmDocument } from '../vm-document.ts';
import {
  currentJob,
  fromDocument,
  initialContext,
  isCurrent,
  jobInput,
  type VmContext,
  waitMs,
  withEvidence,
} from './context.ts';
import { type VmEvent, vmOf } from './events.ts';

const RETRY_MS = 1000;

/**
 * One protected VM: keeps it what its recorded state says. It never starts anything itself: each attempt is a job of its
 * own, and at most one is under way.
 */
export const vmMachine = setup({
  types: {
    context: {} as VmContext,
    input: {} as { readonly address: string },
    events: {} as VmEvent,
  },
  actors: {
    /** The VM's document, null when there is none. */
    loadVm: promiseActor<VmDocument | null, { readonly vm: string }>(),
    /** Stops the copy on its node and records `stopped`. */
    stopVm: promiseActor<null, { readonly vm: string }>(),
    setRecorded: promiseActor<
      null,
      { readonly vm: string; readonly recorded?: 'running' | 'stopped'; readonly actual?: string }
    >(),
  },
  delays: { wait: ({ context }) => waitMs(context) },
}).createMachine({
  id: 'vm',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => initialContext((input as { readonly address: string } | undefined)?.address ?? 'vm/unknown'),
  initial: 'loading',
  on: {
    adopt: { target: '.loading', actions: assign({ why: 'asked to read the database again' }) },
  },
  states: {
    loading: {
      invoke: {
        src: 'loadVm',
        input: ({ context }) => ({ vm: vmOf(context.address) }),
        onDone: [
          { guard: ({ event }) => event.output === null, target: 'absent' },
          {
            target: 'deciding',
            actions: assign(({ event }) => (event.output === null ? {} : fromDocument(event.output))),
          },
        ],
        onError: 'loadingFailed',
      },
      on: {
        hostDown: {
          actions: assign({ evidence: ({ context, event }) => withEvidence(context.evidence, event.evidence) }),
        },
      },
    },
    loadingFailed: { after: { [RETRY_MS]: 'loading' } },
    absent: { on: { start: 'loading', hostDown: 'loading', actual: 'loading' } },
    deciding: {
      always: [
        { guard: ({ context }) => context.recorded === 'stopped', target: 'stopped' },
        { guard: ({ context }) => context.lease === null, target: 'recovering', actions: assign({ cause: 'user' }) },
        {
          guard: ({ context }) => context.ha && context.evidence.some(({ node }) => node === context.lease?.node),
          target: 'recovering',
          actions: assign({ cause: 'host-down' }),
        },
        { target: 'running' },
      ],
    },
    stopped: {
      entry: assign({ attempt: 0, tried: [], target: null, evidence: [], recorded: 'stopped' }),
      on: {
        start: {
          target: 'recovering',
          actions: assign({ recorded: 'running', cause: 'user', why: 'a user starts it' }),
        },
        actual: {
          // Back from an isolation during which it was stopped.
          guard: ({ context, event }) => event.state !== 'off' && isCurrent(context, event),
          target: 'stopping',
        },
      },
    },
    running: {
      entry: assign({ attempt: 0, tried: [], target: null, evidence: [] }),
      initial: 'active',
      on: {
        stop: { target: 'stopping', actions: assign({ recorded: 'stopped', why: 'a user stops it' }) },
        start: { target: 'recovering', guard: ({ context }) => context.lease === null },
        hostDown: {
          guard: ({ context, event }) => context.ha && event.node === context.lease?.node,
          target: 'recovering',
          actions: assign(({ context, event }) => ({
            evidence: withEvidence(context.evidence, event.evidence),
            cause: 'host-down' as const,
            why: `${event.node} is down by ${event.evidence.kind}`,
          })),
        },
        actual: [
          {
            guard: ({ context, event }) =>
              isCurrent(context, event) && event.state === 'off' && event.reason === 'guest-shutdown',
            target: 'recordingStop',
            actions: assign({ recorded: 'stopped', why: 'the guest shut itself down (T7b)' }),
          },
          {
            guard: ({ context, event }) => isCurrent(context, event) && event.state === 'off' && context.ha,
            target: 'recovering',
            actions: assign(({ context, event }) => ({
              cause: 'mismatch' as const,
              // Its host is well: there first (T7).
              target: context.lease?.node ?? null,
              why: `${event.reason} on ${event.node} (T7)`,
            })),
          },
          {
            guard: ({ context, event }) => isCurrent(context, event) && event.state === 'suspended',
            target: '.suspended',
          },
          { guard: ({ context, event }) => isCurrent(context, event) && event.state === 'running', target: '.active' },
        ],
      },
      states: { active: {}, suspended: {} },
    },
    recovering: {
      entry: [
        assign({ jobs: ({ context }) => context.jobs + 1 }),
        effect(({ context }: { context: VmContext }) => noteOf('trigger', context)),
        spawnChild(({ context }: { context: VmContext }) => ({
          address: currentJob(context),
          input: jobInput(context),
        })),
      ],
      on: {
        stop: { actions: assign({ recorded: 'stopped', why: 'a user stops it' }) },
        start: { actions: assign({ recorded: 'running' }) },
        hostDown: {
          actions: [
            assign({ evidence: ({ context, event }) => withEvidence(context.evidence, event.evidence) }),
            tell(({ context, event }) => ({ to: currentJob(context), event })),
          ],
        },
        jobDone: [
          {
            guard: ({ context, event }) => event.job === currentJob(context) && context.recorded === 'stopped',
            target: 'stopping',
            actions: assign({ lease: ({ event }) => ({ node: event.node, epoch: event.epoch }) as VmContext['lease'] }),
          },
          {
            guard: ({ context, event }) => event.job === currentJob(context),
            target: 'running',
            actions: assign(({ event }) => ({
              lease: { node: event.node, epoch: event.epoch } as VmContext['lease'], // a job answers with the node it placed on
              why: `runs on ${event.node}`,
            })),
          },
        ],
        jobFailed: [
          { guard: ({ context, event }) => event.job !== currentJob(context) },
          {
            guard: ({ event }) => event.code === 'STOPPED_BY_WISH',
            target: 'recordingStop',
            actions: assign(({ event }) => ({ lease: event.lease, recorded: 'stopped' as const, why: event.why })),
          },
          {
            guard: ({ context }) => context.recorded === 'stopped',
            target: 'stopping',
            actions: assign({ lease: ({ event }) => event.lease }),
          },
          {
            guard: ({ event }) => event.holder !== undefined,
            target: 'returning',
            actions: assign(({ event }) => ({
              lease: event.lease,
              target: (event.holder ?? null) as VmContext['target'], // a node's id, from its lease sector
              why: event.why,
            })),
          },
          { guard: ({ event }) => event.code === 'LEASE_CONFLICT', target: 'loading' },
          {
            target: 'waiting',
            actions: assign(({ context, event }) => ({
              lease: event.lease,
              target: null,
              attempt: context.attempt + 1,
              tried: (event.tried === undefined
                ? context.tried
                : [...new Set([...context.tried, event.tried])]) as VmContext['tried'], // nodes placed on
              why: event.why,
            })),
          },
        ],
      },
    },
    /** The holder's copy is good after all: once it had a moment to resume, it is started there. */
    returning: {
      after: { [RETRY_MS]: 'recovering' },
      on: {
        hostDown: {
          target: 'recovering',
          actions: assign({
            evidence: ({ context, event }) => withEvidence(context.evidence, event.evidence),
            target: null,
          }),
        },
        stop: { target: 'stopping', actions: assign({ recorded: 'stopped' }) },
      },
    },
    waiting: {
      after: {
        wait: [{ guard: ({ context }) => context.attempt >= MAX_ATTEMPTS, target: 'failed' }, { target: 'recovering' }],
      },
      on: {
        capacity: { guard: ({ context }) => context.attempt < MAX_ATTEMPTS, target: 'recovering' },
        stop: { target: 'stopping', actions: assign({ recorded: 'stopped', why: 'a user stops it' }) },
        hostDown: {
          actions: assign({ evidence: ({ context, event }) => withEvidence(context.evidence, event.evidence) }),
        },
        actual: {
          guard: ({ context, event }) => event.state === 'running' && isCurrent(context, event),
          target: 'running',
          actions: assign({ why: 'resumed where it was (B2)' }),
        },
      },
    },
    stopping: {
      invoke: {
        src: 'stopVm',
        input: ({ context }) => ({ vm: vmOf(context.address) }),
        onDone: 'stopped',
        onError: 'stoppingFailed',
      },
      on: { hostDown: 'recordingStop' },
    },
    stoppingFailed: { after: { [RETRY_MS]: 'stopping' }, on: { hostDown: 'recordingStop' } },
    recordingStop: {
      invoke: {
        src: 'setRecorded',
        input: ({ context }) => ({ vm: vmOf(context.address), recorded: 'stopped' as const }),
        onDone: 'stopped',
        onError: 'recordingFailed',
      },
      on: { start: { target: 'recovering', actions: assign({ recorded: 'running', cause: 'user' }) } },
    },
    recordingFailed: { after: { [RETRY_MS]: 'recordingStop' } },
    failed: {
      entry: [
        effect(({ context }: { context: VmContext }) => noteOf('give-up', context)),
        assign({ attempt: 0, tried: [] }),
      ],
      invoke: {
        src: 'setRecorded',
        input: ({ context }) => ({ vm: vmOf(context.address), actual: `failed: ${context.why}` }),
      },
      on: {
        start: { target: 'recovering', actions: assign({ recorded: 'running', cause: 'user' }) },
        stop: { target: 'stopping', actions: assign({ recorded: 'stopped' }) },
        actual: {
          guard: ({ context, event }) => event.state === 'running' && isCurrent(context, event),
          target: 'running',
        },
      },
    },
  },
});

function noteOf(what: string, context: VmContext) {
  const { cause, attempt, why } = context;
  return { run: 'note', input: { what, vm: vmOf(context.address), why: `${cause}, attempt ${attempt + 1}: ${why}` } };
}
