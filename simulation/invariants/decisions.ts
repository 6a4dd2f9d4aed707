import { z } from 'zod';
import { recordOf, type Watcher } from './watcher.ts';

const placed = z.object({ vm: z.string(), node: z.string(), cpus: z.number(), memoryMiB: z.number() });
const request = z.object({
  ...{ vm: z.string(), cpus: z.number(), memoryMiB: z.number(), priority: z.number(), cause: z.string() },
  ...{ only: z.string().nullable(), evidence: z.array(z.object({ node: z.string() })) },
});
const context = z.object({ batch: z.array(request), reservations: z.array(placed) });
const inventory = z.object({
  armed: z.boolean(),
  leased: z.array(placed),
  uncertain: z.array(placed),
  nodes: z.array(
    z.object({
      ...{ node: z.string(), alive: z.boolean(), maintenance: z.boolean() },
      ...{ cpus: z.number(), memoryMiB: z.number() },
    }),
  ),
});

export type PlacedThere = z.output<typeof placed>;
export type Asked = z.output<typeof request>;
type Inventory = z.output<typeof inventory>;

/** What `cluster/main` decided in one go, on what it knew then: both are in its journal. */
export interface Decision {
  readonly inventory: Inventory;
  /** Who asked for a place. */
  readonly asked: readonly Asked[];
  /** What was decided now: places for who asked, and moves. */
  readonly fresh: readonly PlacedThere[];
  /** What was decided before and is not in the inventory yet. */
  readonly kept: readonly PlacedThere[];
}

/** Alive, in use, and nobody has a proof of the contrary. */
export function isUsable({ inventory: { nodes }, asked }: Decision, name: string): boolean {
  const isProvedDown = asked.some(({ evidence }) => evidence.some(({ node }) => node === name));
  return !isProvedDown && nodes.some(({ node, alive, maintenance }) => node === name && alive && !maintenance);
}

/** Hears of every decision of `cluster/main`. */
export function everyDecision(hear: (decision: Decision) => void): Watcher {
  let before: unknown;
  return {
    committed: (entry) => {
      if (entry.address !== 'cluster/main') return;
      const { cause, snapshot } = recordOf(entry);
      const known = before;
      before = snapshot.context;
      // Waits, or tries again: nothing was decided.
      if (cause.kind !== 'effect' || snapshot.value === 'failed' || snapshot.value === 'calming') return;
      const found = inventory.safeParse(cause.event.output);
      if (known === undefined || !found.success) return;
      const { batch, reservations: kept } = context.parse(known);
      const { reservations } = context.parse(snapshot.context);
      const asked = new Set(batch.map(({ vm }) => vm));
      const isKept = ({ vm }: PlacedThere) => !asked.has(vm) && kept.some((held) => held.vm === vm);
      hear({
        inventory: found.data,
        asked: batch,
        fresh: reservations.filter((each) => !isKept(each)),
        kept: reservations.filter(isKept),
      });
    },
  };
}
