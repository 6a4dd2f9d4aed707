import type { ActorState } from './actor-state.ts';
import { isControl, laneOf } from './control.ts';
import type { Limits } from './limits.ts';
import { touch } from './seal.ts';
import { placeOf } from './sequence.ts';
import type { Delivery, MailboxMessage } from './transport.ts';

/** Whether a message is to be taken now. `known`: it was taken in an earlier step. */
export function admit(state: ActorState, delivery: Delivery): 'take' | 'known' | 'early' | 'parked' {
  const { message } = delivery;
  if (delivery.position < doneBelow(state, delivery)) return 'known';
  const place = placeIn(state, message);
  if (place === 'known') return 'known';
  // Also what comes after a message that waits, so that all of them are taken in order once it is released.
  if (state.status === 'parked' && !isControl(message.event)) return 'parked';
  return place === 'next' ? 'take' : 'early';
}

/** Every message of the delivery's store at a lower position was taken; 0 when the state says nothing of that store. */
export function doneBelow({ done }: ActorState, { store }: Delivery): number {
  return done.store === store ? done.below : 0;
}

function placeIn(state: ActorState, message: MailboxMessage): 'next' | 'known' | 'early' {
  if (message.sequence === undefined) return state.recent.includes(message.id) ? 'known' : 'next';
  const lane = laneOf(message.from, message.event);
  const cursor = state.cursors.get(lane);
  if (cursor === undefined && message.sequence <= (state.atLeast.get(lane) ?? 0)) return 'known';
  return placeOf(message.sequence, cursor, state.forgot);
}

/**
 * True when the state alone cannot tell whether an admitted message was taken before: what it remembers of that sender may
 * have been let go. Then only the mailbox knows. What lies above all that was ever taken is certainly new.
 */
export function mayBeForgotten(state: ActorState, { message, position }: Delivery): boolean {
  if (position > state.takenUpTo) return false;
  return message.sequence === undefined || !state.cursors.has(laneOf(message.from, message.event));
}

/**
 * A message that was taken came again: it is still stored, so it must not be among the first to be forgotten. If the state no
 * longer names it, another host has gone on since, and what it forgot was removed before.
 */
export function refresh(state: ActorState, message: MailboxMessage): void {
  if (message.sequence === undefined) {
    if (!state.recent.includes(message.id)) return;
    state.recent = [...state.recent.filter((id) => id !== message.id), message.id];
    return;
  }
  const lane = laneOf(message.from, message.event);
  const cursor = state.cursors.get(lane);
  if (cursor !== undefined) touch(state.cursors, lane, cursor, Number.POSITIVE_INFINITY);
}

/** Remembers a message as taken; committed with the step that takes it. */
export function remember(state: ActorState, delivery: Delivery, limits: Limits): void {
  const { message, position } = delivery;
  state.takenUpTo = Math.max(state.takenUpTo, position);
  const below = Math.max(doneBelow(state, delivery), delivery.doneBelow());
  if (below > 0) state.done = { store: delivery.store, below };
  if (message.sequence === undefined) {
    state.recent.push(message.id);
    if (state.recent.length > limits.idsRemembered) state.recent.shift();
    return;
  }
  const lane = laneOf(message.from, message.event);
  state.atLeast.delete(lane);
  if (touch(state.cursors, lane, message.sequence, limits.sendersRemembered)) state.forgot = true;
}
