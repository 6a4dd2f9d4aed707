import { z } from 'zod';
import { nodeIdSchema as node, vmIdSchema as vm } from './ids.ts';

/** What is needed to start a VM anywhere. `disk` is a path or URL on shared storage. */
export const vmSpecSchema = z.object({
  vm,
  cpus: z.number().positive(),
  memoryMiB: z.number().positive(),
  disk: z.string(),
});

/** Who may start a VM. `epoch` only grows. */
export const leaseSchema = z.object({ node, epoch: z.number().int().nonnegative() });
export type Lease = z.output<typeof leaseSchema>;

/** `vms/<id>` in the database: intent and ownership. */
export const vmDocumentSchema = z.object({
  spec: vmSpecSchema,
  /** What the VM should be. */
  recorded: z.enum(['running', 'stopped']),
  ha: z.boolean(),
  priority: z.number(),
  failback: z.boolean(),
  lease: leaseSchema.nullable(),
  /** The node that it left only for a maintenance or a reboot: it fails back there. */
  home: node.nullable().default(null),
  /**
   * Nodes that it was leased to before and that may run it still, until its start where it is leased now is confirmed:
   * whoever refuses to give it up comes back with it; and where it is being stopped. Placement counts it there too (F1).
   */
  mayRunOn: z.array(node).default([]),
  /** Why it is not what it should be, once recovery gave up (B5). */
  actual: z.string().optional(),
});
export type VmDocument = z.output<typeof vmDocumentSchema>;

/** `nodes/<id>` in the database. */
export const nodeDocumentSchema = z.object({
  cpus: z.number().nonnegative(),
  memoryMiB: z.number().nonnegative(),
  zone: z.enum(['primary', 'secondary']).optional(),
  maintenance: z.boolean().default(false),
  /** The incarnation that a fence was last told to end: its power may be gone by that order, whoever heard of it. */
  fenceOrdered: z.number().int().nonnegative().optional(),
});
export type NodeDocument = z.output<typeof nodeDocumentSchema>;

const counter = z.number().int().nonnegative();

/** `DownEvidence` as it comes from the bus or a mailbox. */
export const downEvidenceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fence'), node, incarnation: counter, sequence: counter, fence: z.string() }),
  z.object({ kind: z.literal('word'), node, incarnation: counter, sequence: counter }),
  z.object({
    kind: z.literal('bound'),
    node,
    incarnation: counter,
    sequence: counter,
    ageMs: z.number(),
    observers: z.array(node),
  }),
]);
