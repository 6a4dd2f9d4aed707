import { assign, setup } from 'xstate';
import { z } from 'zod';
import { promiseActor, tell } from '#actors';
import { nodeId, vmId } from '../ids.ts';
import { type Inventory, type PlacedVm, type Placement, type PlacementRequest, placeAll } from '../placement/mod.ts';

/** Requests that come within this time are decided together, so that they see each other. */
const COLLECT_MS = 20;
const RETRY_MS = 1000;

const vm = z.string().transform(vmId);

/** What `cluster/main` understands. */
export const clusterEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('place'),
    vm,
    job: z.string(),
    cpus: z.number(),
    memoryMiB: z.number(),
    priority: z.number(),
    avoid: z.array(z.string().transform(nodeId)),
  }),
  /** The job ended: the database knows where the VM is. */
  z.object({ type: z.literal('settled'), vm }),
  /** A node came back, or room appeared. */
  z.object({ type: z.literal('capacity') }),
]);
export type ClusterEvent = z.output<typeof clusterEventSchema>;

type Request = PlacementRequest & { readonly job: string };
interface Reservation extends PlacedVm {
  /** Settled, but the inventory that will show it has not begun yet. */
  readonly settled: boolean;
}

export interface ClusterContext {
  readonly queue: readonly Request[];
  /** Being decided with the inventory under way. */
  readonly batch: readonly Request[];
  readonly reservations: readonly Reservation[];
  /** VMs that fitted nowhere: told when room may have appeared (B5). */
  readonly unplaced: readonly string[];
  readonly decisions: readonly Placement[];
}

/** Decides where VMs go, one batch after the other, so that two never count on the same room. */
export const clusterMachine = setup({
  types: { context: {} as ClusterContext, input: {} as { readonly address: string }, events: {} as ClusterEvent },
  actors: { inventory: promiseActor<Inventory, null>() },
}).createMachine({
  id: 'cluster',
  context: { queue: [], batch: [], reservations: [], unplaced: [], decisions: [] },
  initial: 'idle',
  on: {
    place: { actions: assign({ queue: ({ context, event }) => queued(context.queue, event) }) },
    settled: {
      actions: assign({
        reservations: ({ context, event }) =>
          context.reservations.map((held) => (held.vm === event.vm ? { ...held, settled: true } : held)),
      }),
    },
    capacity: {
      actions: [
        tell(({ context }: { context: ClusterContext }) =>
          context.unplaced.map((name) => ({ to: `vm/${name}`, event: { type: 'capacity' } })),
        ),
        assign({ unplaced: [] }),
      ],
    },
  },
  states: {
    idle: { always: { guard: ({ context }) => context.queue.length > 0, target: 'collecting' } },
    collecting: { after: { [COLLECT_MS]: 'deciding' } },
    deciding: {
      // What settled before the inventory begins is in it.
      entry: assign(({ context }) => ({
        batch: context.queue,
        queue: [],
        reservations: context.reservations.filter(({ settled }) => !settled),
      })),
      invoke: {
        src: 'inventory',
        input: null,
        onDone: {
          target: 'idle',
          actions: [
            assign(({ context, event }) => decided(context, event.output)),
            tell(({ context }) => answers(context)),
            assign({ batch: [], decisions: [] }),
          ],
        },
        onError: {
          target: 'failed',
          actions: assign(({ context }) => ({
            queue: context.batch.reduce<readonly Request[]>(queued, context.queue),
            batch: [],
          })),
        },
      },
    },
    failed: { after: { [RETRY_MS]: 'collecting' } },
  },
});

/** A repeated request replaces the older one of the same VM. */
function queued(
  queue: readonly Request[],
  { vm: name, job, cpus, memoryMiB, priority, avoid }: Request,
): readonly Request[] {
  return [...queue.filter((other) => other.vm !== name), { vm: name, job, cpus, memoryMiB, priority, avoid }];
}

function decided({ batch, reservations, unplaced }: ClusterContext, inventory: Inventory): Partial<ClusterContext> {
  const asked = new Set(batch.map((request) => request.vm));
  const kept = reservations.filter((held) => !asked.has(held.vm));
  const reserved = new Set(kept.map((held) => held.vm));
  const placed = inventory.placed.filter((other) => !asked.has(other.vm) && !reserved.has(other.vm));
  const decisions = placeAll({ ...inventory, placed: [...placed, ...kept] }, batch);
  const fresh = decisions.flatMap(({ vm: name, node }): Reservation[] => {
    const request = batch.find((candidate) => candidate.vm === name);
    if (node === undefined || request === undefined) return [];
    return [{ vm: name, node, cpus: request.cpus, memoryMiB: request.memoryMiB, settled: false }];
  });
  const nowhere = decisions.filter(({ node }) => node === undefined).map((decision) => decision.vm);
  const others = unplaced.filter((name) => !asked.has(vmId(name)));
  return { decisions, reservations: [...kept, ...fresh], unplaced: [...others, ...nowhere] };
}

function answers({ batch, decisions }: ClusterContext) {
  return decisions.flatMap(({ vm: name, node, why }) => {
    const request = batch.find((candidate) => candidate.vm === name);
    return request === undefined ? [] : [{ to: request.job, event: { type: 'placed', node: node ?? null, why } }];
  });
}
