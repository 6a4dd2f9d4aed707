import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import type { ActorState } from './actor-state.ts';
import { endChildren, hearOfChild, parentage, whyOutlives } from './children.ts';
import type { Outcome } from './envelope.ts';
import { type Asked, applyActions } from './step-actions.ts';
import type { StepInput } from './step-input.ts';
import { type Action, initialTransition, transition } from './transition.ts';

/** A child ended by its policy `escalate` and this actor's machine does not handle it: it fails as well. */
export class Escalated extends Error {
  override readonly name = 'Escalated';
  readonly code = 'ESCALATED';
}

/** The machine ended in an error that is none of JavaScript's: what an effect without `onError` was rejected with. */
export class MachineFailed extends Error {
  override readonly name = 'MachineFailed';
  readonly code: string;

  constructor(thrown: unknown) {
    const { message, code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
    super(typeof message === 'string' ? message : `the machine threw ${JSON.stringify(thrown)}`, { cause: thrown });
    this.code = typeof code === 'string' ? code : 'STEP_FAILED';
  }
}

/** What one step did to the state, and what is left to do once it is committed. */
export interface StepResult extends Asked {
  readonly outcome: Outcome;
  readonly reason?: string;
}

/**
 * Runs one event through the machine and changes `state`. Pure but for that. Whatever the machine throws comes out;
 * the state is then unusable.
 */
export function runStep(input: StepInput): StepResult {
  const { state } = input;
  const asked: Asked = { tells: [], replies: [], calls: [], serial: 0 };
  state.step++;
  const { event } = input.cause;
  hearOfChild(state, input.cause);
  if (event.type === 'actor.stop') return stop(input, asked);
  if (event.type === 'actor.release') return release(state, asked);
  const isSpawn = event.type === 'actor.spawn';
  if (wouldReviveEnded(input, isSpawn)) {
    return { ...asked, outcome: 'dropped', reason: 'the actor was ended after this was sent' };
  }
  const isNew = state.status === 'active' ? state.snapshot === undefined : isSpawn;
  if (isNew) create(input, asked);
  if (isSpawn) {
    return isNew ? { ...asked, outcome: 'handled' } : existsAlready(input, asked, event);
  }
  if (state.status !== 'active') return { ...asked, outcome: 'dropped', reason: `the actor is ${state.status}` };
  const before = current(state);
  const [next, actions] = transition(input.kind.machine, before, event);
  const unhandled = next === before && actions.length === 0;
  move(input, asked, next, actions);
  if (unhandled && event.type === 'actor.escalated') throw new Escalated(String(event.reason));
  if (!unhandled) return { ...asked, outcome: 'handled' };
  if (event.type.startsWith('effect.')) return { ...asked, outcome: 'settled' };
  return { ...asked, outcome: 'dropped', reason: `no transition for ${event.type} in ${JSON.stringify(next.value)}` };
}

/** What waited in the mailbox when the actor was ended must not make it again. */
function wouldReviveEnded({ state, position }: StepInput, isSpawn: boolean): boolean {
  return (isSpawn || state.snapshot === undefined) && position !== undefined && position <= state.endedUpTo;
}

function current(state: ActorState): AnyMachineSnapshot {
  if (state.snapshot === undefined) throw new Error('invariant: an actor has a snapshot after its first step');
  return state.snapshot;
}

function create(input: StepInput, asked: Asked): void {
  const { state, cause, kind, address } = input;
  const spawn = cause.event.type === 'actor.spawn' ? cause.event : undefined;
  state.status = 'active';
  state.timers.clear();
  state.effects.clear();
  const given: unknown = spawn?.input;
  Object.assign(state, parentage(spawn ?? cause.event));
  const own = given === undefined || (typeof given === 'object' && given !== null && !Array.isArray(given));
  const [snapshot, actions] = initialTransition(kind.machine, own ? { ...given, address } : given);
  move(input, asked, snapshot, actions);
}

function move(input: StepInput, asked: Asked, next: AnyMachineSnapshot, actions: readonly Action[]): void {
  const { state } = input;
  if (next.status === 'error') throw next.error instanceof Error ? next.error : new MachineFailed(next.error);
  state.snapshot = next;
  applyActions(input, asked, actions);
  if (next.status !== 'done') return;
  end(input, asked, 'done');
  if (state.parent === undefined) return;
  asked.tells.push({
    to: state.parent,
    event: { type: 'actor.done', address: input.address, output: next.output, spawned: state.spawned },
  });
}

/** Whoever thinks that it made this actor hears that it does not supervise it. */
function existsAlready(input: StepInput, asked: Asked, event: AnyEventObject): StepResult {
  const { state, address } = input;
  const reason = `${address} exists already, supervised by ${state.parent ?? 'nobody'}`;
  if (typeof event.parent === 'string' && event.parent !== state.parent) {
    const { spawned } = event;
    const refusal = { type: 'actor.refused', address, event: 'actor.spawn', code: 'ALREADY_EXISTS', reason, spawned };
    asked.tells.push({ to: event.parent, event: refusal });
  } else if (typeof event.parent === 'string') {
    Object.assign(state, parentage(event)); // asked for once more by its own supervisor
  }
  return { ...asked, outcome: 'dropped', reason };
}

function stop(input: StepInput, asked: Asked): StepResult {
  const { state, position, cause } = input;
  const isThere = state.snapshot !== undefined || state.status !== 'active';
  const isAlive = isThere && (state.status === 'active' || state.status === 'parked');
  const outlives = isAlive ? whyOutlives(state, cause.event) : undefined;
  if (outlives !== undefined) return { ...asked, outcome: 'dropped', reason: outlives };
  state.endedUpTo = Math.max(state.endedUpTo, position ?? 0);
  // One that waits for its release to make its first step is there, though it has no snapshot.
  if (!isThere) return { ...asked, outcome: 'dropped', reason: 'it never existed' };
  if (cause.event.supervisor !== undefined && !isAlive)
    return { ...asked, outcome: 'dropped', reason: `it is ${state.status}` };
  const { parent, spawned } = state;
  if (isAlive && parent !== undefined && parent !== cause.from) {
    const reason = `it was stopped by ${cause.from}`;
    asked.tells.push({
      to: parent,
      event: { type: 'actor.stopped', address: input.address, reason, code: 'STOPPED', spawned },
    });
  }
  return end(input, asked, 'stopped');
}

/** Nothing runs on in an ended actor, nor below it; its numbers towards others stay, so that it can be made again. */
function end(input: StepInput, asked: Asked, status: 'done' | 'stopped'): StepResult {
  const { state } = input;
  state.status = status;
  state.parked = undefined;
  state.timers.clear();
  state.effects.clear();
  asked.tells.push(...endChildren(state, input.address));
  return { ...asked, outcome: 'handled' };
}

function release(state: ActorState, asked: Asked): StepResult {
  if (state.status !== 'parked') return { ...asked, outcome: 'dropped', reason: 'it is not parked' };
  state.status = 'active';
  state.parked = undefined;
  return { ...asked, outcome: 'handled' };
}

/** The event that brings an effect's end into its machine. */
export function effectEvent(
  effect: { readonly kind: 'invoke' | 'effect'; readonly id: string; readonly source: string; readonly key: string },
  result: { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly error: unknown },
): AnyEventObject {
  const what = result.ok ? 'done' : 'error';
  const payload = result.ok ? { output: result.output } : { error: result.error };
  if (effect.kind === 'effect') return { type: `effect.${what}`, effect: effect.source, key: effect.key, ...payload };
  return { type: `xstate.${what}.actor.${effect.id}`, actorId: effect.id, ...payload };
}
