import { z } from 'zod';
import { verdicts } from '../failure-detector/mod.ts';
import { downEvidenceSchema } from '../vm-document.ts';

const counter = z.number().int().nonnegative();

/** What a `node/<id>` actor understands. */
export const nodeEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('verdict'),
    verdict: z.enum(verdicts),
    boundReached: z.boolean(),
    incarnation: counter,
    sequence: counter,
    ageMs: z.number(),
    observers: z.array(z.string()),
    evidence: downEvidenceSchema.optional(),
  }),
  /** The node itself: nothing runs here. Void once its slot shows a sequence above. */
  z.object({
    type: z.literal('word'),
    incarnation: counter,
    sequence: counter,
    state: z.enum(['suspended', 'off']),
    /** It shuts down and its VMs wait for it to come back (shutdown policy). */
    freeze: z.boolean().default(false),
    /** It shuts down only to boot again. */
    returns: z.boolean().default(false),
  }),
  /** Its agent answers, but a start hangs in its hypervisor: the VM is down until that call is certainly gone. */
  z.object({ type: z.literal('stuck'), vm: z.string() }),
  /** A fence confirmed that it is off, and it went on writing its slot. */
  z.object({ type: z.literal('contradicted'), fence: z.string() }),
  /** A person has mended and tried that fence, or each: it may be asked about this node again. */
  z.object({ type: z.literal('fenceTested'), fence: z.string().optional() }),
  /** F6: a user takes it out of use, or gives it back. */
  z.object({ type: z.literal('maintenance'), on: z.boolean() }),
]);
export type NodeEvent = z.output<typeof nodeEventSchema>;
