import { z } from 'zod';
import type { DownEvidence } from '../evidence.ts';
import type { NodeId, VmId } from '../ids.ts';
import { downEvidenceSchema, type Lease } from '../vm-document.ts';

/** What a `job/<vm>-<n>` actor understands. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('placed'),
    node: z.string().nullable(),
    why: z.string(),
    /** Refused because HA is disarmed. */
    disarmed: z.boolean(),
  }),
  /** It runs where it was after all: unless something was changed already, there is nothing to do. */
  z.object({ type: z.literal('cancel') }),
  /** The source says that it is off there: whoever was asked to migrate it is asked again at once. */
  z.object({ type: z.literal('askAgain') }),
  z.object({ type: z.literal('hostDown'), node: z.string(), evidence: downEvidenceSchema }),
]);
export type JobEvent = z.output<typeof jobEventSchema>;

/** One attempt to make a VM run. */
export interface JobInput {
  readonly address: string;
  readonly vm: VmId;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly priority: number;
  /** The database lease when it began. */
  readonly lease: Lease | null;
  readonly cause: 'user' | 'host-down' | 'mismatch';
  readonly failback: boolean;
  readonly evidence: readonly DownEvidence[];
  /** Where it must go; null: where it fits. */
  readonly target: NodeId | null;
  readonly avoid: readonly NodeId[];
  /** Recorded with the lease as the node that it left only for a while. */
  readonly home: NodeId | null;
  /** It runs on the lease's node and is migrated live to `target`, which the cluster chose. */
  readonly live: boolean;
}

/** Codes of `jobFailed` that mean: it was not moved, and runs where it was. */
export const STAYED: ReadonlySet<string> = new Set(['MIGRATE_FAILED', 'MIGRATE_REFUSED']);

/** What `moveLease` answers. A conflict: somebody else moved it. `gone`: there is no such VM any more. */
export type MoveLeaseResult =
  | { readonly ok: true; readonly epoch: number }
  | { readonly ok: false; readonly why: string; readonly gone?: boolean };

/** What a node's agent answers to a command (`node-agent/commands.ts`). */
export type CommandResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: string;
      readonly why: string;
      readonly definite: boolean;
      readonly holder?: string | undefined;
    };
