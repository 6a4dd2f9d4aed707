import { randomUUID } from 'node:crypto';
import { type Database, type Document, RevisionConflict } from '#ports';
import { StoreNotAtomic } from './errors.ts';

const COLLECTION = 'settings';

/**
 * Finds out by trying whether the store lets exactly one of several racing writers win, as G2 needs; some stores that
 * speak a database's protocol do not. Races on a scratch document of its own and removes it. Throws `StoreNotAtomic`
 * with the race that went wrong, or what the store threw when it did not answer.
 */
export async function probeCompareAndSet(database: Database, rounds = 20, writers = 8): Promise<void> {
  const id = `probe-${randomUUID()}`;
  let current = await database.create(COLLECTION, id, { by: 'probe' });
  for (let round = 1; round <= rounds; round++) {
    const winners = await race(database, current, round, writers);
    const read = await database.get(COLLECTION, id);
    const evidence = judge(current, winners, read);
    if (evidence !== undefined || read === undefined) {
      throw new StoreNotAtomic(
        `${database.description} is refused: it does not let exactly one of several writers win, so two hosts could own ` +
          `one VM. Race ${round} of ${rounds}: ${evidence}. It may have left the document ${COLLECTION}/${id}`,
      );
    }
    current = read;
  }
  await database.remove(COLLECTION, id, current.revision);
}

/** All writers replace the same revision at once; returns what those who were told "done" wrote. */
async function race(database: Database, base: Document, round: number, writers: number): Promise<readonly Document[]> {
  const results = await Promise.allSettled(
    Array.from({ length: writers }, (_, writer) =>
      database.replace(COLLECTION, base.id, base.revision, { by: `round ${round}, writer ${writer + 1}` }),
    ),
  );
  for (const result of results) {
    if (result.status === 'rejected' && !(result.reason instanceof RevisionConflict)) throw result.reason;
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** What was wrong with a round, or undefined. */
function judge(before: Document, winners: readonly Document[], read: Document | undefined): string | undefined {
  const [winner] = winners;
  if (winner === undefined) return 'no writer won';
  if (winners.length > 1) return `${winners.length} writers won: ${winners.map(({ body }) => body.by).join('; ')}`;
  if (read === undefined) return 'the document vanished';
  if (read.revision !== before.revision + 1 || read.body.by !== winner.body.by) {
    return `the winner wrote "${winner.body.by}", a read gave "${read.body.by}" at revision ${read.revision}`;
  }
  return undefined;
}
