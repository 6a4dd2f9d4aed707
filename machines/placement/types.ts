import { z } from 'zod';
import { type NodeId, nodeIdSchema as node, type VmId, vmIdSchema as vm } from '../ids.ts';

const zone = z.enum(['primary', 'secondary']);

/** F1. A rule as stored in the database (`rules/<id>`), the same shape as in a scenario file. */
export const ruleSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('node'),
    mode: z.enum(['required', 'preferred', 'forbidden']),
    vms: z.array(vm).min(1),
    /** A higher tier is used before a lower one. */
    nodes: z
      .array(
        z.union([node.transform((name) => ({ name, tier: 1 })), z.object({ name: node, tier: z.number().default(1) })]),
      )
      .min(1),
  }),
  z.object({
    kind: z.literal('vm'),
    mode: z.enum(['together', 'apart']),
    strength: z.enum(['must', 'prefer']).default('must'),
    vms: z.array(vm).min(2),
  }),
  z.object({ kind: z.literal('zone'), mode: z.enum(['prefer', 'must']), zone, vms: z.array(vm).min(1) }),
]);
export type Rule = z.output<typeof ruleSchema>;
export type NodeRule = Rule & { readonly kind: 'node' };
export type Zone = z.output<typeof zone>;

export interface PlacementNode {
  readonly node: NodeId;
  /** Judged healthy (or isolated from management only), and its agent answers. */
  readonly alive: boolean;
  readonly maintenance: boolean;
  readonly zone?: Zone;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The latest slot seen of it. */
  readonly slot?: { readonly incarnation: number; readonly sequence: number };
}

/** A VM that uses its node's resources, or has them reserved. */
export interface PlacedVm {
  readonly vm: VmId;
  readonly node: NodeId;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** It may have been left there: it takes room and keeps others apart, but nobody must follow it. */
  readonly uncertain?: true;
}

/** A VM that should run, where the database leases it. */
export interface LeasedVm extends PlacedVm {
  /** Protected: rules and preferences may move it. */
  readonly ha: boolean;
  /** Goes back to where it would rather be. */
  readonly failback: boolean;
  readonly priority: number;
  /** The node that it left only for a maintenance or a reboot. */
  readonly home: NodeId | null;
}

/** One that takes no place, as it is recorded as stopped or was never leased, and is about to start. */
export type Newcomer = Omit<LeasedVm, 'node'>;

/** Of a bundle: where it is leased, or nowhere yet. */
export type Member = LeasedVm | (Newcomer & { readonly node?: never });

export interface Inventory {
  readonly nodes: readonly PlacementNode[];
  readonly placed: readonly PlacedVm[];
  readonly rules: readonly Rule[];
}

export interface PlacementRequest {
  readonly vm: VmId;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** Higher first (F2, F3). */
  readonly priority: number;
  /** Nodes where the start was tried and failed: used only when no other is left. */
  readonly avoid: readonly NodeId[];
  /** Where it was last: there rather than elsewhere, if it may be there. */
  readonly stay?: NodeId;
  /** False: it would rather stay than go to a preferred node. */
  readonly failback?: boolean;
  /** There and nowhere else, whatever else speaks against it: its copy is there already. */
  readonly only?: NodeId;
  /** Its bundle is apart already: back to there rather than nowhere, though companions are elsewhere. */
  readonly returnTo?: NodeId;
}

export interface Rejection {
  readonly node: NodeId;
  readonly why: string;
}

/** F9: the choice, and why every other node was not chosen. `node` is absent when it fits nowhere. */
export interface Placement {
  readonly vm: VmId;
  readonly node?: NodeId;
  readonly rejected: readonly Rejection[];
  readonly why: string;
}
