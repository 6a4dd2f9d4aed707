import { assign, setup } from 'xstate';
import { effect, promiseActor, tell } from '#actors';
import type { DownEvidence } from '../evidence.ts';
import type { Verdict } from '../failure-detector/mod.ts';
import { type NodeId, nodeId } from '../ids.ts';
import type { NodeEvent } from './events.ts';

/** VMs that were leased to the node late, or whose actor missed it, are told again. */
const TELL_AGAIN_MS = 5000;
const FENCE_AGAIN_MS = 10_000;
const RETRY_MS = 1000;

export interface NodeContext {
  readonly node: NodeId;
  readonly verdict: Verdict;
  readonly incarnation: number;
  readonly sequence: number;
  /** Why its copies are known not to be able to write; null: not known. */
  readonly evidence: DownEvidence | null;
  /** What happened last, in words (F9). */
  readonly why: string;
}

export type FenceAnswer =
  | { readonly outcome: 'confirmed'; readonly by: string }
  | { readonly outcome: 'failed'; readonly why: string };

type Of<Type extends NodeEvent['type']> = NodeEvent & { readonly type: Type };

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
    fence: promiseActor<FenceAnswer, { readonly node: string; readonly incarnation: number }>(),
    /** Ids of the protected VMs that the database leases to it. */
    listProtected: promiseActor<readonly string[], { readonly node: string }>(),
  },
  guards: {
    isBack: ({ context, event }) => event.type === 'verdict' && isAlive(event.verdict) && isNewer(event, context),
    hasBound: ({ event }) => event.type === 'verdict' && event.boundReached && event.evidence !== undefined,
    isDead: ({ event }) => event.type === 'verdict' && event.verdict === 'dead',
    isStorageIsolated: ({ event }) => event.type === 'verdict' && event.verdict === 'storage-isolated',
    isHealthy: ({ event }) => event.type === 'verdict' && event.verdict === 'healthy',
    isManagementIsolated: ({ event }) => event.type === 'verdict' && event.verdict === 'management-isolated',
    isProved: ({ context, event }) =>
      event.type === 'verdict' && context.evidence !== null && event.incarnation <= context.evidence.incarnation,
    isFreshWord: ({ context, event }) =>
      event.type === 'word' &&
      (event.incarnation > context.incarnation ||
        (event.incarnation === context.incarnation && event.sequence >= context.sequence)),
  },
  actions: {
    note: assign(({ event }) => (event.type === 'verdict' ? noted(event) : {})),
    takeBound: assign(({ event }) =>
      event.type === 'verdict' && event.evidence !== undefined ? { ...noted(event), evidence: event.evidence } : {},
    ),
    takeWord: assign(({ context, event }) => (event.type === 'word' ? worded(context, event) : {})),
    forget: assign({ evidence: null }),
  },
}).createMachine({
  id: 'node',
  // XState calls this without input on every transition of a restored machine.
  context: ({ input }) => ({
    node: nodeId(((input as { readonly address: string } | undefined)?.address ?? 'node/unknown').slice(5)),
    verdict: 'healthy',
    incarnation: 0,
    sequence: 0,
    evidence: null,
    why: 'not judged yet',
  }),
  initial: 'up',
  on: {
    verdict: [
      { guard: 'hasBound', target: '.down', actions: 'takeBound' },
      { guard: 'isDead', target: '.suspect.dead', actions: 'note' },
      { guard: 'isStorageIsolated', target: '.suspect.storageIsolated', actions: 'note' },
      { guard: 'isManagementIsolated', target: '.up.managementIsolated', actions: 'note' },
      { guard: 'isHealthy', target: '.up.healthy', actions: 'note' },
      { actions: 'note' },
    ],
    word: { guard: 'isFreshWord', target: '.down', actions: 'takeWord' },
  },
  states: {
    up: {
      entry: 'forget',
      initial: 'healthy',
      states: {
        healthy: {
          entry: tell(() => ({ to: 'cluster/main', event: { type: 'capacity' } })),
          // The same verdict again is no news, and no new room.
          on: { verdict: { guard: 'isHealthy', actions: 'note' } },
        },
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
                input: ({ context }) => ({ node: context.node, incarnation: context.incarnation }),
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
    down: {
      entry: effect(({ context }: { context: NodeContext }) => ({
        run: 'note',
        input: { what: 'trigger', about: context.node, why: context.why },
      })),
      initial: 'listing',
      on: {
        verdict: [
          { guard: 'isBack', target: 'up', actions: ['note', 'forget'] },
          { guard: 'hasBound', actions: 'takeBound' },
          // What is proved needs no other fence; a later boot that fails too does.
          { guard: 'isProved' },
        ],
        word: { guard: 'isFreshWord', actions: 'takeWord' },
      },
      states: {
        listing: {
          invoke: {
            src: 'listProtected',
            input: ({ context }) => ({ node: context.node }),
            onDone: {
              target: 'told',
              actions: tell(({ context, event }) =>
                context.evidence === null
                  ? []
                  : event.output.map((vm: string) => ({
                      to: `vm/${vm}`,
                      event: { type: 'hostDown', node: context.node, evidence: context.evidence },
                    })),
              ),
            },
            onError: 'listingFailed',
          },
        },
        told: { after: { [TELL_AGAIN_MS]: 'listing' } },
        listingFailed: { after: { [RETRY_MS]: 'listing' } },
      },
    },
  },
});

function isAlive(verdict: Verdict): boolean {
  return verdict === 'healthy' || verdict === 'management-isolated';
}

/** Its slot changed after what the evidence says. */
function isNewer({ incarnation, sequence }: Of<'verdict'>, { evidence, ...context }: NodeContext): boolean {
  const known = evidence !== null && evidence.kind !== 'fence' ? evidence : context;
  return incarnation > known.incarnation || (incarnation === known.incarnation && sequence > known.sequence);
}

function noted({ verdict, incarnation, sequence, ageMs, observers }: Of<'verdict'>): Partial<NodeContext> {
  const why = `${verdict}: slot ${incarnation}.${sequence}, unchanged for ${Math.round(ageMs)} ms, seen by ${observers.join(', ')}`;
  return { verdict, incarnation, sequence, why };
}

function worded({ node }: NodeContext, { incarnation, sequence, state }: Of<'word'>): Partial<NodeContext> {
  const evidence: DownEvidence = { kind: 'word', node, incarnation, sequence };
  return { evidence, incarnation, sequence, why: `it says that all its copies are ${state}` };
}

function fenced({ node, incarnation }: NodeContext, answer: FenceAnswer): Partial<NodeContext> {
  if (answer.outcome !== 'confirmed') return {};
  return { evidence: { kind: 'fence', node, incarnation, fence: answer.by }, why: `fenced by ${answer.by}` };
}
