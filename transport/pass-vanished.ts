import type { MailboxLine } from './mailbox-line.ts';

const PAUSE_MS = 1_000;

/**
 * Messages left in the stream may be taken and removed by another owner. No feed brings them again, and where nothing is
 * sent after them none shows that they are gone; letters behind them would wait for ever. So when nothing is in memory and
 * nothing comes, the leader is asked. Resolves when there is nothing left to read, or `goesOn` says no.
 */
export async function passVanished(
  line: MailboxLine,
  isStored: (sequence: number) => Promise<boolean>,
  goesOn: () => boolean,
): Promise<void> {
  while (goesOn() && line.unreadFrom !== undefined) {
    const first = line.unreadFrom;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    if (line.size > 0 || line.unreadFrom !== first) continue;
    try {
      for (let next: number | undefined = first; next !== undefined && goesOn(); next = line.unreadFrom) {
        if (await isStored(next)) break;
        line.passOver(next);
      }
    } catch {
      // No leader or not connected: asked again after the pause.
    }
  }
}
