import { z } from 'zod';
import type { DownEvidence } from '../evidence.ts';
import type { NodeId, VmId } from '../ids.ts';
import { downEvidenceSchema, type Lease } from '../vm-document.ts';

/** What a `job/<vm>-<n>` actor understands. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('placed'), node: z.string().nullable(), why: z.string() }),
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
  readonly evidence: readonly DownEvidence[];
  /** Where it must go; null: where it fits. */
  readonly target: NodeId | null;
  readonly avoid: readonly NodeId[];
}

/** What `moveLease` answers. A conflict: somebody else moved it. */
export type MoveLeaseResult =
  | { readonly ok: true; readonly epoch: number }
  | { readonly ok: false; readonly why: string };

/** What a node's agent answers to a start (`node-agent/commands.ts`). */
export type StartResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: string;
      readonly why: string;
      readonly definite: boolean;
      readonly holder?: string | undefined;
    };
