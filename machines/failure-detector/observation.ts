import { z } from 'zod';
import { isName, nodeIdSchema } from '../ids.ts';

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

/** `observationSchema.safeParse` for the hot path: every node hears every other each interval. Only what looks wrong is read by the schema. */
export function readObservation(value: unknown): z.ZodSafeParseResult<Observation> {
  return isObservation(value) ? { success: true, data: value } : observationSchema.safeParse(value);
}

/** True for what `observationSchema` takes. */
export function isObservation(value: unknown): value is Observation {
  if (!isRecord(value) || !isName(value.observer)) return false;
  if (!isCounter(value.incarnation) || !isCounter(value.sequence)) return false;
  if (typeof value.storageOk !== 'boolean' || typeof value.databaseOk !== 'boolean') return false;
  return isListOf(value.slots, isSlot) && isListOf(value.beats, isBeat);
}

function isSlot({ node, incarnation, sequence, ageMs }: Fields): boolean {
  return isName(node) && isCounter(incarnation) && isCounter(sequence) && isAge(ageMs);
}

function isBeat({ node, counter, ageMs }: Fields): boolean {
  return isName(node) && isCounter(counter) && isAge(ageMs);
}

type Fields = Readonly<Record<string, unknown>>;

function isListOf(value: unknown, isItem: (item: Fields) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (!isRecord(item) || !isItem(item)) return false;
  return true;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounter(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isAge(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}
