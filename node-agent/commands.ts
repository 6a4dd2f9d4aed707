import { z } from 'zod';
import { downEvidenceSchema, nodeIdSchema, vmIdSchema as vm, vmSpecSchema } from '#machines';

const epoch = z.number().int().positive();
/** The address of a job. */
const attempt = z.string();

/** What may be asked of `agent.<node>`. Each is idempotent by (vm, epoch). */
export const agentCommandSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('start'),
    spec: vmSpecSchema,
    epoch,
    evidence: z.array(downEvidenceSchema),
    /** A user's start of a VM that stopped on its own wish; a recovery must not (T7b). */
    evenIfStopped: z.boolean(),
    /** Whose start it is: a copy that came by migration is good only for the attempt that it came for. */
    attempt,
  }),
  z.object({
    do: z.literal('stop'),
    vm,
    epoch,
    /** How long the guest may take to shut down before it is forced off, ms. */
    graceMs: z.number().nonnegative(),
  }),
  /** A suspended copy will come by migration, of that epoch and for that attempt: leave it alone for a while. */
  z.object({ do: z.literal('expect'), vm, epoch, attempt }),
  /** Migrate the copy that runs here under that epoch, and give its lease sector back. */
  z.object({ do: z.literal('migrate'), vm, epoch, to: nodeIdSchema }),
]);
export type AgentCommand = z.output<typeof agentCommandSchema>;
export type StartCommand = AgentCommand & { readonly do: 'start' };
export type StopCommand = AgentCommand & { readonly do: 'stop' };
export type ExpectCommand = AgentCommand & { readonly do: 'expect' };
export type MigrateCommand = AgentCommand & { readonly do: 'migrate' };

/**
 * `definite: false`: it may still happen, so only the same node may be asked again (protocol, step 5).
 * `holder`: who has the VM, when that is why.
 */
export const agentReplySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), detail: z.string() }),
  z.object({
    ok: z.literal(false),
    code: z.enum([
      'LEASE_NOT_MINE',
      'SUPERSEDED',
      'EVIDENCE_VOID',
      'STOPPED_BY_WISH',
      'RACED',
      'ISOLATED',
      'START_FAILED',
      'STOPPING',
      'MIGRATE_FAILED',
      'NOT_HERE',
      /** The hypervisor neither starts it nor says that it cannot: it may start at any time, until its host is fenced. */
      'HUNG',
      'UNKNOWN',
    ]),
    why: z.string(),
    definite: z.boolean(),
    holder: z.string().optional(),
  }),
]);
export type AgentReply = z.output<typeof agentReplySchema>;
