import type { ActorState } from './actor-state.ts';
import type { Limits } from './limits.ts';
import { touch } from './seal.ts';
import { placeOf } from './sequence.ts';
import type { MailboxMessage } from './transport.ts';

/** Whether a message is to be taken now. `known`: it was taken in an earlier step. */
export function admit(state: ActorState, message: MailboxMessage): 'take' | 'known' | 'early' | 'parked' {
  if (message.sequence === undefined) {
    if (state.recent.includes(message.id)) return 'known';
  } else {
    const place = placeOf(message.sequence, state.cursors.get(message.from), state.forgot);
    if (place !== 'next') return place;
  }
  const { type } = message.event;
  return state.status === 'parked' && type !== 'actor.release' && type !== 'actor.stop' ? 'parked' : 'take';
}

/** Remembers a message as taken; committed with the step that takes it. */
export function remember(state: ActorState, message: MailboxMessage, limits: Limits): void {
  if (message.sequence === undefined) {
    state.recent.push(message.id);
    if (state.recent.length > limits.idsRemembered) state.recent.shift();
  } else if (touch(state.cursors, message.from, message.sequence, limits.peersRemembered)) {
    state.forgot = true;
  }
}
