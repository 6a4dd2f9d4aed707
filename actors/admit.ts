import type { ActorState } from './actor-state.ts';
import { isControl, laneOf } from './control.ts';
import type { Limits } from './limits.ts';
import { touch } from './seal.ts';
import { placeOf } from './sequence.ts';
import type { MailboxMessage } from './transport.ts';

/** Whether a message is to be taken now. `known`: it was taken in an earlier step. */
export function admit(state: ActorState, message: MailboxMessage): 'take' | 'known' | 'early' | 'parked' {
  if (message.sequence === undefined) {
    if (state.recent.includes(message.id)) return 'known';
  } else {
    const place = placeOf(message.sequence, state.cursors.get(laneOf(message.from, message.event)), state.forgot);
    if (place !== 'next') return place;
  }
  return state.status === 'parked' && !isControl(message.event) ? 'parked' : 'take';
}

/**
 * True when the state alone cannot tell whether an admitted message was taken before: what it remembers of that sender may
 * have been let go. Then only the mailbox knows.
 */
export function mayBeForgotten(state: ActorState, message: MailboxMessage, limits: Limits): boolean {
  if (message.sequence === undefined) return state.recent.length >= limits.idsRemembered;
  return state.forgot && !state.cursors.has(laneOf(message.from, message.event));
}

/** Remembers a message as taken; committed with the step that takes it. */
export function remember(state: ActorState, message: MailboxMessage, limits: Limits): void {
  if (message.sequence === undefined) {
    state.recent.push(message.id);
    if (state.recent.length > limits.idsRemembered) state.recent.shift();
    return;
  }
  const lane = laneOf(message.from, message.event);
  if (touch(state.cursors, lane, message.sequence, limits.peersRemembered)) state.forgot = true;
}
