import type { AnyEventObject } from 'xstate';
import type { TellIntent } from './actions.ts';
import type { ActorState } from './actor-state.ts';
import type { StepCause } from './envelope.ts';
import type { Address } from './transport.ts';

/**
 * An actor ends together with those it supervises. Which these are is part of its state, and what stops them is committed with
 * the step that ends it: whatever crashes then, the messages are on their way, and the children do the same with theirs.
 *
 * A child obeys only if the sender supervises it just then: an address may have got another supervisor, or none, since.
 */
export function endChildren(state: ActorState, supervisor: Address): TellIntent[] {
  const tells = [...state.children].map((to) => ({ to, event: { type: 'actor.stop', supervisor } }));
  state.children.clear();
  return tells;
}

/** Whether this is what `endChildren` sends. */
export function endsChild(event: AnyEventObject, supervisor: Address): boolean {
  return event.type === 'actor.stop' && event.supervisor === supervisor;
}

/** What a child tells that it is one no more. */
const ENDS: ReadonlySet<string> = new Set(['actor.done', 'actor.stopped', 'actor.escalated']);

/** A child ended by itself, or was another's already. */
export function hearOfChild({ children }: ActorState, { kind, from, event }: StepCause): void {
  if (kind !== 'message' || event.address !== from) return;
  const isOthers = event.type === 'actor.refused' && event.code === 'ALREADY_EXISTS';
  if (isOthers || ENDS.has(event.type)) children.delete(from as Address); // it was put in under that very name
}
