import { z } from 'zod';

const age = z.number().nonnegative().nullable();

/** What the lab shows: one moment. Ages are ms since the lab itself saw the counter change; null: never seen. */
export const labStatus = z.object({
  /** What each part is here, in words: nothing pretends to be more than it is. */
  parts: z.record(z.string(), z.string()),
  nodes: z.array(
    z.object({
      node: z.string(),
      power: z.enum(['on', 'off']),
      slot: z.string(),
      storageBeatMs: age,
      databaseBeatMs: age,
      verdict: z.string(),
    }),
  ),
  vms: z.array(
    z.object({
      vm: z.string(),
      recorded: z.string(),
      actual: z.string(),
      node: z.string().nullable(),
      epoch: z.number().nullable(),
      sinceMs: age,
    }),
  ),
  events: z.array(z.object({ atMs: z.number(), text: z.string() })),
});
export type LabStatus = z.output<typeof labStatus>;
