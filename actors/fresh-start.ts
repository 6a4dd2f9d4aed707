import { z } from 'zod';
import type { Envelope } from './envelope.ts';
import { UNBORN } from './snapshot.ts';
import type { JournalEntry } from './transport.ts';

const numbered = z.object({
  step: z
    .int()
    .min(0)
    .max(2 ** 32),
});

/** Which messages an actor took, as a step tells it that may be damaged otherwise. */
const taken = z.object({
  cursors: z.record(z.string(), z.number()),
  atLeast: z.record(z.string(), z.number()).optional(),
  recent: z.array(z.string()),
});

/**
 * The step after which an actor is as if it had never been, whatever its journal holds; only its numbering goes on. So its
 * old peers take what it sends, and it takes what they send. What the last step that can be read names as taken is not taken
 * again; of what those after it took, if any, only the mailbox knows whether it is done with.
 */
export function freshStart(journal: readonly JournalEntry[], host: string): string {
  const { cursors, atLeast, recent } = lastTaken(journal);
  const envelope: Envelope = {
    ...{ format: 1, version: 0, step: lastStep(journal) + 1, host, status: 'active', snapshot: UNBORN, unborn: true },
    ...{ timers: [], cursors: {}, atLeast: { ...atLeast, ...cursors }, forgot: true, recent },
    ...{ takenUpTo: Number.MAX_SAFE_INTEGER, sent: {} },
    done: journal.map(({ body }) => doneOf(body)).findLast((done) => done !== undefined),
    ...{ outbox: [], effects: [], tells: [], outcome: 'handled', reason: 'forgotten by hand' },
    cause: { kind: 'message', from: `external:${host}`, event: { type: 'actor.forget' } },
  };
  return JSON.stringify(envelope);
}

function lastTaken(journal: readonly JournalEntry[]): z.infer<typeof taken> {
  for (const { body } of journal.toReversed()) {
    const found = taken.safeParse(jsonOf(body));
    if (found.success) return found.data;
  }
  return { cursors: {}, recent: [] };
}

/** No step of the actor had a higher number: of those that cannot be read each counts one, or all take a position each. */
function lastStep(journal: readonly JournalEntry[]): number {
  let last: number | undefined;
  for (const { body } of journal) {
    const step = stepOf(body);
    if (step !== undefined && step > (last ?? -1)) last = step;
    else if (last !== undefined) last++;
  }
  return last ?? journal.at(-1)?.sequence ?? 0;
}

const withDone = z.object({ done: z.object({ store: z.string(), below: z.number() }) });

/** What an actor has taken for certain stays taken. Of a step that is damaged otherwise, too. */
function doneOf(body: string): Envelope['done'] {
  return withDone.safeParse(jsonOf(body)).data?.done;
}

function stepOf(body: string): number | undefined {
  return numbered.safeParse(jsonOf(body)).data?.step;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // not JSON: that is why it is to be forgotten
  }
}
