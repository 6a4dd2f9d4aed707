import type { AnyEventObject } from 'xstate';
import type { TellIntent } from './actions.ts';
import type { ActorState } from './actor-state.ts';
import { isAddress } from './address.ts';
import type { StepCause } from './envelope.ts';
import type { Address } from './transport.ts';

/**
 * An actor ends together with those it supervises. Which these are is part of its state, and what stops them is committed with
 * the step that ends it: whatever crashes then, the messages are on their way, and the children do the same with theirs.
 *
 * A child obeys only who supervises it just then, and only what was sent after it was asked for: an address may have got
 * another supervisor since, or have been spawned anew. For the same reason a child that ended, or is another's, says which
 * spawn it speaks of (`spawned`, the supervisor's step): a later one may have succeeded.
 */
export function endChildren({ children }: ActorState, supervisor: Address): TellIntent[] {
  const tells = Array.from(children, ([to, spawned]) => ({ to, event: { type: 'actor.stop', supervisor, spawned } }));
  children.clear();
  return tells;
}

/** Whether this is what `endChildren` sends. */
export function endsChild(event: AnyEventObject, supervisor: Address): boolean {
  return event.type === 'actor.stop' && event.supervisor === supervisor;
}

/** Why an actor that is alive does not end with the supervisor that says so; undefined when it does. */
export function whyOutlives(state: ActorState, { supervisor, spawned }: AnyEventObject): string | undefined {
  if (supervisor === undefined) return undefined; // to be stopped in any case
  if (state.parent !== supervisor) return `it is supervised by ${state.parent ?? 'nobody'}`;
  const isOlder = typeof spawned === 'number' && state.spawned !== undefined && spawned < state.spawned;
  return isOlder ? 'it was spawned anew since' : undefined;
}

/** What a child tells that it is one no more. */
const ENDS: ReadonlySet<string> = new Set(['actor.done', 'actor.stopped', 'actor.escalated']);

/** A child ended by itself, or was another's already. */
export function hearOfChild({ children }: ActorState, { kind, from, event }: StepCause): void {
  if (kind !== 'message' || event.address !== from) return;
  const isOthers = event.type === 'actor.refused' && event.code === 'ALREADY_EXISTS';
  if (!isOthers && !ENDS.has(event.type)) return;
  const child = from as Address; // it was put in under that very name
  if (children.get(child) === event.spawned) children.delete(child);
}

/** By whom and when an actor was asked for, as `spawnChild` writes it. */
export function parentage({ parent, spawned }: AnyEventObject): Pick<ActorState, 'parent' | 'spawned'> {
  if (typeof parent !== 'string' || !isAddress(parent)) return { parent: undefined, spawned: undefined };
  return { parent, spawned: typeof spawned === 'number' ? spawned : undefined };
}
