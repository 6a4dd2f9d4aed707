import { z } from 'zod';

/** What an agent tells the lab for its table: nothing hangs on it. */
export const nodeReport = z.object({
  node: z.string(),
  copies: z.array(
    z.object({
      vm: z.string(),
      epoch: z.number(),
      state: z.enum(['running', 'suspended', 'off']),
      reason: z.enum(['crashed', 'guest-shutdown', 'destroyed', 'lost', 'migrated', 'unknown']).optional(),
    }),
  ),
  /** This node's judgement of each node. */
  verdicts: z.record(z.string(), z.string()),
});
export type NodeReport = z.output<typeof nodeReport>;
export type ReportedCopy = NodeReport['copies'][number];

export const nodeLogEntry = z.object({
  node: z.string(),
  what: z.string(),
  vm: z.string().optional(),
  about: z.string().optional(),
  why: z.string(),
});
export type LabLogEntry = z.output<typeof nodeLogEntry>;
