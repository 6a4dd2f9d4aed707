import { z } from 'zod';
import { nodeIdSchema } from '../ids.ts';

const counter = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/**
 * What one node saw, sent on the bus each interval. Ages are elapsed times of the sender's own clock between the first
 * and the *latest good* read of the same counter: reads that failed never make anything older.
 */
export const observationSchema = z.object({
  observer: nodeIdSchema,
  incarnation: counter,
  /** Grows with every observation of this incarnation; late and duplicate ones are dropped by it. */
  sequence: counter,
  /** Its own slot write succeeded and it read all slots within `staleMs`. */
  storageOk: z.boolean(),
  /** Its own database beat was written and it read all beats within `staleMs`. */
  databaseOk: z.boolean(),
  /** Slots it saw. */
  slots: z.array(z.object({ node: nodeIdSchema, incarnation: counter, sequence: counter, ageMs: ms })),
  /** Database heartbeats it saw. */
  beats: z.array(z.object({ node: nodeIdSchema, counter, ageMs: ms })),
});
export type Observation = z.output<typeof observationSchema>;
