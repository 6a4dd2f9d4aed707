import { z } from 'zod';
import { nodeIdSchema as node, vmIdSchema as vm } from '../ids.ts';
import { downEvidenceSchema } from '../vm-document.ts';

/** What `cluster/main` understands. */
export const clusterEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('place'),
    vm,
    job: z.string(),
    /** A user's own wish is carried out also while HA is disarmed. */
    cause: z.enum(['user', 'host-down', 'mismatch']),
    cpus: z.number(),
    memoryMiB: z.number(),
    priority: z.number(),
    failback: z.boolean(),
    avoid: z.array(node),
    /** Proofs that nodes are down: the failure detector may need longer to see it. */
    evidence: z.array(downEvidenceSchema),
    /** Where it was last; null: that does not matter. */
    stay: node.nullable(),
    /** There and nowhere else. */
    only: node.nullable(),
  }),
  /**
   * The job ended: the database knows where the VM is. `stayed`: it was not moved and runs where it was. `off`: it is to be
   * stopped, and waits for nothing.
   */
  z.object({ type: z.literal('settled'), vm, outcome: z.enum(['runs', 'failed', 'stayed', 'off']) }),
  /** These will ask for a place at once: the important ones first, so all are waited for a moment. */
  z.object({ type: z.literal('expect'), vms: z.array(vm) }),
  /** A node came back, or room appeared. */
  z.object({ type: z.literal('capacity') }),
  /** Its own: by now this host's failure detector has seen it too. */
  z.object({ type: z.literal('room') }),
  /** Rules, maintenance or a VM changed: see whether running VMs should move. */
  z.object({ type: z.literal('review') }),
  /** A user wants a running VM elsewhere. */
  z.object({ type: z.literal('move'), vm, to: z.string() }),
  /** F6: HA acts (again), or not at all. */
  z.object({ type: z.literal('arm') }),
  z.object({ type: z.literal('disarm') }),
]);
export type ClusterEvent = z.output<typeof clusterEventSchema>;
export type PlaceEvent = ClusterEvent & { readonly type: 'place' };
