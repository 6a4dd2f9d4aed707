import { z } from 'zod';

/** What a host tells the others of packs. */
export const packNews = z.object({
  /** Which stream: numbers of another one of the same name mean nothing here. */
  of: z.string(),
  /** The host's partitions, by whether they keep up. */
  quick: z.array(z.int()),
  slow: z.array(z.int()),
  /** They need no pack below this sequence but those named. True for ever once it was: what is acknowledged is committed. */
  below: z.int(),
  open: z.array(z.int()),
  /** As far as the host knows, all packs below this sequence are removed but those named. */
  removed: z.object({ below: z.int(), except: z.array(z.int()) }),
});

export type PackNews = z.infer<typeof packNews>;

/**
 * Named at most; what is open beyond them bounds `below`, and then packs stay that nobody needs, and nothing is packed. So
 * more than a host that is busy gets until all know that one of its actors takes nothing, which is about a second.
 */
export const MOST_NAMED = 1_000;

/** What partitions together need of packs: every one of them has read up to `position`, some may be further. */
export function needsOf(open: Iterable<number>, position: number): Pick<PackNews, 'below' | 'open'> {
  const rising = [...new Set(open)].sort((a, b) => a - b);
  // Never beyond `position`, whatever others have read and hold open: the one that is behind may need what they do not.
  return { below: Math.min(rising[MOST_NAMED] ?? position + 1, position + 1), open: rising.slice(0, MOST_NAMED) };
}
