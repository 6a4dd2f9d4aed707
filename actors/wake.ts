import type { ActorState, PendingTimer } from './actor-state.ts';
import type { Address, MailboxMessage, ScheduledMessage } from './transport.ts';

/**
 * Timers, seen from the servers: where they can, they send an actor a wake-up for each of its longer timers. On the host that
 * armed it, the host's own monotonic clock has the last word, so a wake-up that comes early changes nothing. After a
 * takeover the wake-up ends the wait that would otherwise begin again.
 */
export const WAKE = 'actor.timer';
const FROM = 'external:timer';
/** 100 years. A longer wait is left to the host's own clock: dates of five-digit years are none to the servers. */
const LONGEST_SCHEDULED_MS = 100 * 365 * 24 * 3_600_000;

/** The wake-ups for what this step armed. */
export function wakesOf(address: Address, state: ActorState, nowMs: number, fromMs: number): ScheduledMessage[] {
  const wakes: ScheduledMessage[] = [];
  for (const [timer, { dueMs, armed }] of state.timers) {
    const delayMs = dueMs - nowMs;
    if (armed !== state.step || delayMs < fromMs || delayMs > LONGEST_SCHEDULED_MS) continue;
    const event = { type: WAKE, timer, armed };
    const message = { id: `${address}@${armed}.${timer}`, to: address, from: FROM, event };
    wakes.push({ name: timer, delayMs, message });
  }
  return wakes;
}

/** The timer that a wake-up ends now; undefined when it is none, or nothing waits for it (any more). */
export function woken(
  state: ActorState,
  message: MailboxMessage,
  nowMs: number,
): { readonly id: string; readonly timer: PendingTimer } | undefined {
  const { timer: id, armed } = message.event;
  const timer = typeof id === 'string' ? state.timers.get(id) : undefined;
  if (typeof id !== 'string' || timer === undefined || timer.armed !== armed || state.status !== 'active')
    return undefined;
  return timer.measured && nowMs < timer.dueMs ? undefined : { id, timer };
}
