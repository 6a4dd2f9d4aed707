import { backoffMs } from './backoff.ts';
import { sleep } from './clock.ts';
import { TransportUnavailable } from './errors.ts';
import type { HostContext } from './host-context.ts';
import type { Address } from './transport.ts';

/**
 * Back-pressure between actors: after a step, waits while a mailbox it sent to is full. For `fullMailboxWaitMs` at most, or
 * a ring of actors with full mailboxes would stand still for ever.
 */
export async function whileFull(
  context: HostContext,
  sender: Address,
  receivers: readonly Address[],
  halted: () => boolean,
): Promise<void> {
  const { clock, random, limits, alert } = context;
  const untilMs = clock.nowMs() + limits.fullMailboxWaitMs;
  for (const to of receivers) {
    if (to === sender) continue;
    for (let attempt = 1; clock.nowMs() < untilMs && !halted(); attempt++) {
      if (!(await isFull(context, to))) break;
      if (attempt === 1) alert({ code: 'MAILBOX_FULL', address: sender, text: `${to} is full: ${sender} waits` });
      await sleep(clock, Math.min(backoffMs(limits.unavailable, attempt, random), untilMs - clock.nowMs()));
    }
  }
}

/** Not known counts as not full: it only slows down. */
async function isFull({ transport }: HostContext, to: Address): Promise<boolean> {
  try {
    return await transport.isFull(to);
  } catch (error) {
    if (error instanceof TransportUnavailable) return false;
    throw error;
  }
}
