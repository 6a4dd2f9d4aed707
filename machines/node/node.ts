import { assign, setup } from 'xstate';
import { effect, promiseActor, tell } from '#actors';
import {
  type FenceAnswer,
  type FenceInput,
  fenced,
  fenceInput,
  initialContext,
  isAlive,
  isContradicted,
  isFresh,
  isNewer,
  type NodeContext,
  newsFor,
  noted,
  worded,
} from './context.ts';
import type { NodeEvent } from './events.ts';

/** VMs that were leased to the node late, or whose actor missed it, are told again. */
const TELL_AGAIN_MS = 5000;
const FENCE_AGAIN_MS = 10_000;
const RETRY_MS = 1000;

/**
 * One host. Waits for proof that its copies cannot write (its own word, a fence that confirms, the takeover bound), then
 * tells its protected VMs, again and again until it is back.
 */
export const nodeMachine = setup({
  types: {
    context: {} as NodeContext,
    input: {} as { readonly address: string },
    events: {} as NodeEvent,
  },
  actors: {
    fence: promiseActor<FenceAnswer, FenceInput>(),
    /** Ids of the VMs that should run and that the database leases to it, protected or not; the unprotected last. */
    listLeased: promiseActor<readonly string[], { readonly node: string }>(),
    setMaintenance: promiseActor<null, { readonly node: string; readonly on: boolean }>(),
  },
  guards: {
    isBack: ({ context, event }) => event.type === 'verdict' && isAlive(event.verdict) && isNewer(event, context),
    hasBound: ({ event }) => event.type === 'verdict' && event.boundReached && event.evidence !== undefined,
    isDead: ({ event }) => event.type === 'verdict' && event.verdict === 'dead',
    isStorageIsolated: ({ event }) => event.type === 'verdict' && event.verdict === 'storage-isolated',
    isHealthy: ({ event }) => event.type === 'verdict' && event.verdict === 'healthy',
    isManagementIsolated: ({ event }) => event.type === 'verdict' && event.verdict === 'management-isolated',
    isProved: ({ context, event }) =>
      event.type === 'verdict' &&
      context.evidence !== null &&
      event.incarnation <= context.evidence.incarnation &&
      !isContradicted(event, context),
    isContradicted: ({ context, event }) =>
      event.type === 'verdict' && isAlive(event.verdict) && isContradicted(event, context),
    isStorageLost: ({ event }) => event.type === 'verdict' && event.verdict === 'storage-lost',
    freezes: ({ context, event }) => event.type === 'word' && event.freeze && isFresh(event, context),
    isFreshWord: ({ context, event }) => event.type === 'word' && isFresh(event, context),
    endsMaintenance: ({ event }) => event.type === 'maintenance' && !event.on,
  },
  actions: {
    note: assign(({ event }) => (event.type === 'verdict' ? noted(event) : {})),
    takeBound: assign(({ event }) =>
      event.type === 'verdict' && event.evidence !== undefined ? { ...noted(event), evidence: event.evidence } : {},
    ),
    takeWord: assign(({ context, event }) => (event.type === 'word' ? worded(context, event) : {})),
    forget: assign({ evidence: null, returns: false }),
    /** The wish is durable with this step; the effect is done at least once. */
    setMaintenance: effect(({ context, event }: { context: NodeContext; event: NodeEvent }) =>
      event.type === 'maintenance' ? [{ run: 'setMaintenance', input: { node: context.node, on: event.on } }] : [],
    ),
    disbelieve: assign(({ context, event }) =>
      event.type === 'contradicted' ? { disbelieved: [...new Set([...context.disbelieved, event.fence])] } : {},
    ),
    believe: assign(({ context, event }) =>
      event.type === 'fenceTested'
        ? { disbelieved: context.disbelieved.filter((fence) => event.fence !== undefined && fence !== event.fence) }
        : {},
    ),
    /** Whether it lives, or one write landed late, is seen only by looking on. */
    watchFenced: effect(({ context: { node, evidence } }: { context: NodeContext }) =>
      evidence?.kind === 'fence'
        ? [{ run: 'watchFenced', input: { node, incarnation: evidence.incarnation, fence: evidence.fence } }]
        : [],
    ),
    refuseMaintenance: effect(({ context }: { context: NodeContext }) => ({
      run: 'note',
      input: { what: 'refuse', about: context.node, why: `maintenance: the node is not up (${context.why})` },
    })),
  },
}).createMachine({
  id: 'node',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) =>
    initialContext((input as { readonly address: string } | undefined)?.address ?? 'node/unknown'),
  initial: 'up',
  on: {
    verdict: [
      { guard: 'hasBound', target: '.down', actions: 'takeBound' },
      { guard: 'isDead', target: '.suspect.dead', actions: 'note' },
      { guard: 'isStorageIsolated', target: '.suspect.storageIsolated', actions: 'note' },
      { guard: 'isManagementIsolated', target: '.up.managementIsolated', actions: 'note' },
      { guard: 'isHealthy', target: '.up.healthy', actions: 'note' },
      { guard: 'isStorageLost', target: '.storageLost', actions: ['note', 'forget'] },
      { actions: 'note' },
    ],
    word: [
      { guard: 'freezes', target: '.frozen', actions: 'takeWord' },
      { guard: 'isFreshWord', target: '.down', actions: 'takeWord' },
    ],
    maintenance: [{ guard: 'endsMaintenance', actions: 'setMaintenance' }, { actions: 'refuseMaintenance' }],
    contradicted: { actions: 'disbelieve' },
    fenceTested: { actions: 'believe' },
  },
  states: {
    up: {
      entry: 'forget',
      initial: 'healthy',
      on: { maintenance: { actions: 'setMaintenance' } },
      states: {
        healthy: {
          entry: tell(() => ({ to: 'cluster/main', event: { type: 'capacity' } })),
          // The same verdict again is no news, and no new room.
          on: { verdict: { guard: 'isHealthy', actions: 'note' }, stuck: 'fencing' },
        },
        /** A start hangs in its hypervisor, and nothing but its power ends that. What else runs there is recovered too. */
        fencing: {
          on: { verdict: { guard: 'isHealthy', actions: 'note' } },
          invoke: {
            src: 'fence',
            // It is well, so nothing but its slot that stops shows that a fence took its power.
            input: ({ context }) => fenceInput(context, { stands: false }),
            onDone: [
              {
                guard: ({ event }) => event.output.outcome === 'confirmed',
                target: '#node.down',
                actions: assign(({ context, event }) => fenced(context, event.output)),
              },
              { target: 'stuck' },
            ],
            onError: 'stuck',
          },
        },
        stuck: { on: { verdict: { guard: 'isHealthy', actions: 'note' }, stuck: 'fencing' } },
        managementIsolated: {},
      },
    },
    suspect: {
      initial: 'storageIsolated',
      states: {
        /** It suspends by itself: its word, or the bound. */
        storageIsolated: {},
        dead: {
          initial: 'fencing',
          on: {
            // The same verdict again must not begin another fence.
            verdict: [
              { guard: 'hasBound', target: '#node.down', actions: 'takeBound' },
              { guard: 'isDead', actions: 'note' },
            ],
          },
          states: {
            fencing: {
              invoke: {
                src: 'fence',
                input: ({ context }) => fenceInput(context, { stands: true }),
                onDone: [
                  {
                    guard: ({ event }) => event.output.outcome === 'confirmed',
                    target: '#node.down',
                    actions: assign(({ context, event }) => fenced(context, event.output)),
                  },
                  {
                    target: 'fenceFailed',
                    actions: assign(({ event }) =>
                      event.output.outcome === 'failed' ? { why: `fencing failed: ${event.output.why}` } : {},
                    ),
                  },
                ],
                onError: 'fenceFailed',
              },
            },
            fenceFailed: { after: { [FENCE_AGAIN_MS]: 'fencing' } },
          },
        },
      },
    },
    /** B3: nobody's storage works. Nobody is recovered, and no word given meanwhile counts. */
    storageLost: {
      on: { verdict: [{ guard: 'isStorageLost', actions: 'note' }], word: {} },
    },
    /** Shut down in order with its VMs frozen: nothing is recovered until it is back. */
    frozen: {
      entry: effect(({ context }: { context: NodeContext }) => ({
        run: 'note',
        input: {
          what: 'refuse',
          about: context.node,
          why: 'shut down in order: its VMs wait for it (shutdown policy freeze)',
        },
      })),
      on: { verdict: [{ guard: 'isBack', target: 'up', actions: ['note', 'forget'] }, {}], word: {} },
    },
    down: {
      entry: effect(({ context }: { context: NodeContext }) => ({
        run: 'note',
        input: { what: 'trigger', about: context.node, why: context.why },
      })),
      initial: 'listing',
      on: {
        verdict: [
          // No recovery is based on that fence's word any more; what was begun on it is refused by whoever takes the sector.
          { guard: 'isContradicted', target: 'up', actions: ['watchFenced', 'note', 'forget'] },
          { guard: 'isBack', target: 'up', actions: ['note', 'forget'] },
          { guard: 'hasBound', actions: 'takeBound' },
          { guard: 'isStorageLost', target: 'storageLost', actions: ['note', 'forget'] },
          // What is proved needs no other fence; a later boot that fails too does.
          { guard: 'isProved' },
        ],
        word: [
          { guard: 'freezes', target: 'frozen', actions: 'takeWord' },
          { guard: 'isFreshWord', actions: 'takeWord' },
        ],
      },
      states: {
        listing: {
          invoke: {
            src: 'listLeased',
            input: ({ context }) => ({ node: context.node }),
            onDone: { target: 'told', actions: tell(({ context, event }) => newsFor(context, event.output, true)) },
            onError: 'listingFailed',
          },
        },
        listingFailed: { after: { [RETRY_MS]: 'listing' } },
        told: { after: { [TELL_AGAIN_MS]: 'listingAgain' } },
        listingAgain: {
          invoke: {
            src: 'listLeased',
            input: ({ context }) => ({ node: context.node }),
            onDone: { target: 'told', actions: tell(({ context, event }) => newsFor(context, event.output, false)) },
            onError: 'told',
          },
        },
      },
    },
  },
});
