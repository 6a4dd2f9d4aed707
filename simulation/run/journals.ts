import type { JournalEntry } from '#actors';
import type { World } from '../world/world.ts';

/** The last steps of every actor, oldest first: what the console shows of a run. */
export async function journalsOf(world: World): Promise<readonly JournalEntry[]> {
  const { transport } = world;
  const entries: JournalEntry[] = [];
  for (let partition = 0; partition < transport.partitions; partition += 1) {
    for (const { address } of await transport.sweep(partition)) entries.push(...(await transport.history(address, 64)));
  }
  return entries;
}
