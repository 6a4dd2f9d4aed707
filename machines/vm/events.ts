import { z } from 'zod';
import { vmId } from '../ids.ts';
import { downEvidenceSchema, leaseSchema } from '../vm-document.ts';

const node = z.string();
const epoch = z.number().int().nonnegative();

/** What a `vm/<id>` actor understands. */
export const vmEventSchema = z.discriminatedUnion('type', [
  /** Read the database again and take the VM into care. */
  z.object({ type: z.literal('adopt') }),
  z.object({ type: z.literal('start') }),
  z.object({ type: z.literal('stop') }),
  z.object({
    type: z.literal('actual'),
    node,
    epoch,
    state: z.enum(['running', 'suspended', 'off']),
    reason: z.string(),
  }),
  z.object({
    type: z.literal('hostDown'),
    node,
    evidence: downEvidenceSchema,
    /** It goes down only to come back at once (reboot). */
    returns: z.boolean().default(false),
  }),
  /** A user wants it on another node while it runs. */
  z.object({ type: z.literal('migrate'), to: node }),
  /** The cluster has reserved room there: move live. */
  z.object({ type: z.literal('moveTo'), to: node, why: z.string(), home: node.nullable() }),
  z.object({ type: z.literal('jobDone'), job: z.string(), node, epoch }),
  z.object({
    type: z.literal('jobFailed'),
    job: z.string(),
    code: z.string(),
    why: z.string(),
    /** Where the database lease is now. */
    lease: leaseSchema.nullable(),
    /** Who has the VM, when that is why. */
    holder: z.string().optional(),
    /** Where it was tried in vain. */
    tried: z.string().optional(),
  }),
  /** Room may have appeared (B5), or HA was armed. */
  z.object({ type: z.literal('capacity') }),
]);
export type VmEvent = z.output<typeof vmEventSchema>;

/** Address to VM. Throws `RangeError`. */
export function vmOf(address: string): ReturnType<typeof vmId> {
  return vmId(address.slice(address.indexOf('/') + 1));
}
