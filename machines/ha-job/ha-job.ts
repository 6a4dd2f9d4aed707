import { assign, setup } from 'xstate';
import { promiseActor, tell } from '#actors';
import type { DownEvidence } from '../evidence.ts';
import { type NodeId, nodeId, vmId } from '../ids.ts';
import { type CommandResult, type JobEvent, type JobInput, type MoveLeaseResult, STAYED } from './events.ts';

const RETRY_MS = 1000;
const ASK_AGAIN_MS = 5000;
/** So many times in a row nobody answers before it is looked whether the node has the VM at all. */
const SILENT_ASKS = 2;

interface JobContext extends JobInput {
  /** Starts without a definite answer, since it was looked. */
  readonly asks: number;
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
  failback: true,
  evidence: [],
  target: null,
  avoid: [],
  home: null,
  live: false,
};

/**
 * One attempt: place, move the database lease, start. A live one first has the running copy migrated: then the target
 * holds it suspended, the source gave its lease sector back, and the rest is the same. A start whose outcome is unknown is repeated on the same node until
 * the answer is definite or that node is known down (protocol, step 5), so one job never has two copies in the making.
 */
export const jobMachine = setup({
  types: { context: {} as JobContext, input: {} as JobInput, events: {} as JobEvent },
  actors: {
    /** Tells the target that a suspended copy will come for that epoch. */
    expectOn: promiseActor<CommandResult, Expect>(),
    /** Has the source migrate its copy and give its lease sector back. */
    migrateFrom: promiseActor<CommandResult, Expect & { readonly to: string }>(),
    /** Compare-and-set on the VM's document; the same move twice succeeds twice. */
    moveLease: promiseActor<
      MoveLeaseResult,
      {
        readonly vm: string;
        readonly expectedEpoch: number;
        readonly node: string;
        readonly home: string | null;
        /** A user's start: recorded as running from now on. Any other start of a stopped VM is refused (T7b). */
        readonly byUser: boolean;
      }
    >(),
    /** Whether the VM's lease sector is held by that node. */
    hasSector: promiseActor<boolean, { readonly vm: string; readonly node: string }>(),
    startOn: promiseActor<
      CommandResult,
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
  context: ({ input }) => ({
    ...((input as JobInput | undefined) ?? NO_INPUT),
    asks: 0,
    failure: { code: '', why: '' },
  }),
  initial: 'begun',
  on: {
    hostDown: { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
  },
  states: {
    begun: { always: [{ guard: ({ context }) => context.live, target: 'preparing' }, { target: 'placing' }] },
    preparing: {
      invoke: {
        src: 'expectOn',
        input: ({ context }) => expectOf(context, targetOf(context)),
        onDone: [
          { guard: ({ event }) => event.output.ok, target: 'migrating' },
          {
            target: 'failed',
            actions: assign({ failure: ({ event }) => ({ code: 'MIGRATE_REFUSED', why: whyOf(event.output) }) }),
          },
        ],
        onError: {
          target: 'failed',
          actions: assign({ failure: { code: 'MIGRATE_REFUSED', why: 'the target does not answer' } }),
        },
      },
    },
    migrating: {
      initial: 'asking',
      on: {
        askAgain: { target: '.asking', reenter: true },
        // Down, so not running: from here on it is recovered like any other.
        hostDown: [
          {
            guard: ({ context, event }) => event.node === context.lease?.node,
            target: 'failed',
            actions: assign({
              failure: ({ event }) => ({ code: 'HOST_DOWN', why: `${event.node} went down while it was migrated` }),
            }),
          },
          { actions: assign({ evidence: ({ context, event }) => fresher(context.evidence, event.evidence) }) },
        ],
      },
      states: {
        asking: {
          invoke: {
            src: 'migrateFrom',
            input: ({ context }) => ({ ...expectOf(context, context.lease?.node ?? ''), to: targetOf(context) }),
            onDone: [
              { guard: ({ event }) => event.output.ok, target: '#ha-job.moving' },
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
        // Asked again, the source knows whether it is still there.
        unknown: { after: { [RETRY_MS]: 'asking' } },
      },
    },
    placing: {
      entry: tell(({ context }: { context: JobContext }) => ({ to: 'cluster/main', event: placeRequest(context) })),
      on: {
        placed: [
          {
            guard: ({ event }) => event.node === null,
            target: 'failed',
            actions: assign({
              failure: ({ event }) => ({ code: event.disarmed ? 'DISARMED' : 'NO_ROOM', why: event.why }),
            }),
          },
          {
            target: 'moving',
            actions: assign({ target: ({ event }) => (event.node === null ? null : nodeId(event.node)) }),
          },
        ],
        cancel: { target: 'failed', actions: assign({ failure: { code: 'NOT_NEEDED', why: 'it runs where it was' } }) },
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
          home: context.home,
          byUser: context.cause === 'user' && !context.live,
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
              failure: ({ event }) => ({
                code: !event.output.ok && event.output.gone === true ? 'NO_SUCH_VM' : 'LEASE_CONFLICT',
                why: event.output.ok ? '' : event.output.why,
              }),
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
        unknown: {
          entry: assign({ asks: ({ context }) => context.asks + 1 }),
          after: {
            [RETRY_MS]: [
              { guard: ({ context }) => context.asks >= SILENT_ASKS, target: 'looking' },
              { target: 'asking' },
            ],
          },
        },
        /** Alive, but out of reach (T6), it may never answer. Unless it has the VM's lease sector, another may take that. */
        looking: {
          entry: assign({ asks: 0 }),
          invoke: {
            src: 'hasSector',
            input: ({ context }) => ({ vm: context.vm, node: targetOf(context) }),
            onDone: [
              { guard: ({ event }) => event.output, target: 'asking' },
              {
                target: '#ha-job.failed',
                actions: assign({
                  failure: ({ context }) => ({
                    code: 'NO_ANSWER',
                    why: `${targetOf(context)} does not answer, and does not have it`,
                    tried: targetOf(context),
                  }),
                }),
              },
            ],
            onError: 'asking',
          },
        },
      },
    },
    done: {
      type: 'final',
      entry: tell(({ context }: { context: JobContext }) => [
        {
          to: `vm/${context.vm}`,
          event: { type: 'jobDone', job: context.address, node: targetOf(context), epoch: context.lease?.epoch ?? 0 },
        },
        { to: 'cluster/main', event: { type: 'settled', vm: context.vm, outcome: 'runs' } },
      ]),
    },
    failed: {
      type: 'final',
      entry: tell(({ context }: { context: JobContext }) => [
        {
          to: `vm/${context.vm}`,
          event: { type: 'jobFailed', job: context.address, lease: context.lease, ...context.failure },
        },
        { to: 'cluster/main', event: { type: 'settled', vm: context.vm, outcome: outcomeOf(context) } },
      ]),
    },
  },
});

interface Expect {
  readonly vm: string;
  readonly node: string;
  /** Under which it runs now. */
  readonly epoch: number;
}

function expectOf({ vm, lease }: JobContext, node: string): Expect {
  return { vm, node, epoch: lease?.epoch ?? 0 };
}

function whyOf(result: CommandResult): string {
  return result.ok ? '' : `${result.code}: ${result.why}`;
}

/** What the cluster is told of a failure: whether the VM waits for room, or runs where it was. */
function outcomeOf({ failure }: JobContext): 'failed' | 'stayed' | 'runs' {
  if (STAYED.has(failure.code)) return 'stayed';
  // Neither waits for room: the one runs, the other for HA to be armed.
  return failure.code === 'NOT_NEEDED' || failure.code === 'DISARMED' ? 'runs' : 'failed';
}

function placeRequest(context: JobContext) {
  const { vm, address, cpus, memoryMiB, priority, avoid, cause, failback, lease, target, evidence } = context;
  // A user's start and a restart go where it was, if it may be there.
  const stay = cause === 'host-down' ? null : (lease?.node ?? null);
  return {
    type: 'place',
    vm,
    job: address,
    cause,
    cpus,
    memoryMiB,
    priority,
    failback,
    avoid,
    evidence,
    stay,
    only: target,
  };
}

function targetOf({ target, address }: JobContext): NodeId {
  if (target === null) throw new RangeError(`${address} has no node yet`);
  return target;
}

function fresher(known: readonly DownEvidence[], next: DownEvidence): readonly DownEvidence[] {
  return [...known.filter(({ node }) => node !== next.node), next];
}

function failureOf({ target }: JobContext, result: CommandResult): JobContext['failure'] {
  if (result.ok) return { code: '', why: '' };
  const { code, why, holder } = result;
  return { code, why, ...(holder === undefined ? {} : { holder }), ...(target === null ? {} : { tried: target }) };
}
