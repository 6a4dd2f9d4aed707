import { z } from 'zod';
import { CorruptJournal } from './errors.ts';
import type { Address, JournalEntry, MailboxMessage } from './transport.ts';

const event = z.looseObject({ type: z.string() });
const addressText = z.custom<Address>((value) => typeof value === 'string');

export const storedSnapshot = z.object({
  status: z.enum(['active', 'done', 'error', 'stopped']),
  value: z.unknown(),
  context: z.record(z.string(), z.unknown()),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  historyValue: z.record(z.string(), z.array(z.object({ id: z.string() }))).optional(),
});

const pendingEffect = z.object({
  /** `<address>#<step>.<index>`: the idempotency key. */
  key: z.string(),
  /** `invoke`: belongs to a state, answered to `id`. `effect`: stands alone. */
  kind: z.enum(['invoke', 'effect']),
  /** Id of the invocation. */
  id: z.string(),
  /** Name of the effect. */
  source: z.string(),
  /** Absent when there is none: JSON holds no `undefined`. */
  input: z.unknown().optional(),
});

const cause = z.object({
  kind: z.enum(['message', 'timer', 'effect']),
  /** Sender of a message, id of a timer, key of an effect. */
  from: z.string(),
  event,
});

const message = z.object({
  id: z.string(),
  to: addressText,
  from: z.string(),
  sequence: z.number().optional(),
  replyTo: z.string().optional(),
  urgent: z.boolean().optional(),
  event,
});

const envelope = z.object({
  format: z.literal(1),
  /** Machine version. */
  version: z.number(),
  /** Steps committed, this one included. */
  step: z.number(),
  host: z.string(),
  status: z.enum(['active', 'done', 'stopped', 'parked']),
  snapshot: storedSnapshot,
  /** True when the actor has a journal but no first state yet: `snapshot` means nothing. */
  unborn: z.boolean().optional(),
  parent: addressText.optional(),
  /** The step of its parent that asked for it. */
  spawned: z.number().optional(),
  /** To be stopped when this one ends; at which step each was asked for. */
  children: z.record(z.string(), z.number()).optional(),
  /** Left to wait when this step was committed; in full again on the next host: late, never early. */
  timers: z.array(
    z.object({
      id: z.string(),
      remainingMs: z.number(),
      event,
      /** The step that armed it. */
      armed: z.number().optional(),
    }),
  ),
  /** Last sequence taken from each sending actor. */
  cursors: z.record(z.string(), z.number()),
  /** What it took at least from each sending actor before it was forgotten by hand: that comes again, the next may be any. */
  atLeast: z.record(z.string(), z.number()).optional(),
  /** True when old cursors were let go. */
  forgot: z.boolean().optional(),
  /** Ids of the last messages from outside. */
  recent: z.array(z.string()),
  /** Highest mailbox position taken. Steps stored before positions were kept have none: it may have been any. */
  takenUpTo: z.number().optional(),
  /** Every message of that store at a lower mailbox position was taken. */
  done: z.object({ store: z.string(), below: z.number() }).optional(),
  /** Mailbox position of the last `actor.stop` taken: what waited before it makes the actor no more. */
  endedUpTo: z.number().optional(),
  /** Last sequence given to each receiving actor. */
  sent: z.record(z.string(), z.number()),
  /** Sent after the commit, and once more after a takeover; receivers drop what they have. */
  outbox: z.array(message),
  effects: z.array(pendingEffect),
  cause,
  outcome: z.enum(['handled', 'dropped', 'settled', 'stale', 'refused', 'failed']),
  reason: z.string().optional(),
  /** What the step sent, for people. */
  tells: z.array(z.object({ to: z.string(), type: z.string() })),
  parked: z.object({ reason: z.string(), code: z.string(), failures: z.number() }).optional(),
});

/** All of an actor, written at each step. */
export type Envelope = Readonly<z.infer<typeof envelope>>;
export type StoredSnapshot = z.infer<typeof storedSnapshot>;
export type PendingEffect = z.infer<typeof pendingEffect>;
export type StepCause = z.infer<typeof cause>;
export type Outcome = Envelope['outcome'];

/** A committed step as people and consoles read it. */
export interface StepRecord extends Envelope {
  readonly address: Address;
  readonly sequence: number;
  readonly commitId: string;
}

/** Throws `CorruptJournal` that names the actor and the way out. */
export function readEnvelope(entry: JournalEntry): Envelope {
  let body: unknown;
  try {
    body = JSON.parse(entry.body);
  } catch (error) {
    throw new CorruptJournal(`${entry.address} entry ${entry.sequence} is not JSON: ${wayOut(entry)}`, {
      cause: error,
    });
  }
  const parsed = envelope.safeParse(body);
  if (parsed.success) return withoutUndefined(parsed.data);
  throw new CorruptJournal(
    `${entry.address} entry ${entry.sequence}: ${z.prettifyError(parsed.error)}\n${wayOut(entry)}`,
  );
}

function wayOut({ address }: JournalEntry): string {
  return `\`understudy actors forget ${address}\` lets it begin anew, without its state`;
}

export function stepRecord(entry: JournalEntry): StepRecord {
  const { address, sequence, commitId } = entry;
  return { ...readEnvelope(entry), address, sequence, commitId };
}

/** zod makes `field: T | undefined` of optional fields; MailboxMessage wants them absent. JSON never holds undefined. */
function withoutUndefined(parsed: z.infer<typeof envelope>): Envelope {
  return parsed;
}

/** As stored, a message has no undefined fields: it came from JSON. */
export function storedMessages(from: Envelope): MailboxMessage[] {
  return from.outbox.map((each) => each as MailboxMessage); // see above: only the spelling of optional differs
}
