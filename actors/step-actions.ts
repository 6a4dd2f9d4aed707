import type { AnyActorRef, AnyEventObject } from 'xstate';
import type { TellIntent } from './actions.ts';
import { type Intent, intentOf } from './actions.ts';
import { address } from './address.ts';
import { isControl } from './control.ts';
import { UnsupportedAction } from './errors.ts';
import { promiseWork } from './promise-logic.ts';
import { RESERVED } from './reserved.ts';
import { assertSerialisable } from './serialisable.ts';
import type { StepInput } from './step-input.ts';
import type { Action } from './transition.ts';

/** What the actions of one step ask for, beyond what they changed in the actor's own state. */
export interface Asked {
  readonly tells: TellIntent[];
  readonly replies: unknown[];
  /** The machine's own plain actions: run after the commit, at most once. */
  readonly calls: (() => unknown)[];
  /** Counts what was asked for: makes keys unique within the step. */
  serial: number;
}

/** Applies them in order. Throws `UnsupportedAction`, `InvalidAddress`, `NotSerialisable`. */
export function applyActions(input: StepInput, asked: Asked, actions: readonly Action[]): void {
  for (const action of actions) applyAction(input, asked, action);
}

function applyAction(input: StepInput, asked: Asked, action: Action): void {
  const { state } = input;
  const exec = action.exec as ((...args: unknown[]) => unknown) | undefined; // typed `undefined` for built-in ones
  const params = (action.params ?? {}) as Record<string, unknown>; // every built-in action has an object here
  switch (action.type) {
    case 'xstate.raise': {
      if (typeof params.delay !== 'number') return; // was raised within the transition
      assertDelay(params.delay, params.event as AnyEventObject);
      const id = typeof params.id === 'string' ? params.id : `raise.${state.step}.${asked.serial++}`;
      const event = params.event as AnyEventObject; // what the machine raises
      assertSerialisable(event, `event ${event.type}`);
      state.timers.delete(id);
      state.timers.set(id, { event, dueMs: input.nowMs + params.delay, armed: state.step, measured: true });
      return;
    }
    case 'xstate.cancel':
      state.timers.delete(String(params.sendId));
      return;
    case 'xstate.spawnChild':
      invoke(input, asked, params);
      return;
    case 'xstate.stopChild': {
      const stopped = Reflect.get(params, 'id');
      for (const [key, effect] of state.effects) {
        if (effect.kind === 'invoke' && effect.id === stopped) state.effects.delete(key);
      }
      return;
    }
    case 'xstate.log':
    case 'xstate.emit':
      return;
    case 'xstate.sendTo':
    case 'xstate.sendParent':
    case 'xstate.forwardTo':
      throw new UnsupportedAction(`${action.type} reaches only actors of the same process: use tell() of the runtime`);
    default:
  }
  if (exec === undefined)
    throw new UnsupportedAction(`${input.address} has no action ${action.type}: give it to setup()`);
  const intent = intentOf(exec, action.info, action.params);
  if (intent !== undefined) applyIntent(input, asked, intent);
  else asked.calls.push(() => exec(action.info, action.params));
}

/** `never` must not become a timer: what is stored is JSON, and servers schedule by dates. */
export function assertDelay(delayMs: number, { type }: AnyEventObject): void {
  if (Math.abs(delayMs) <= Number.MAX_SAFE_INTEGER) return;
  const wayOut = 'for one that never comes leave it out, or guard it';
  throw new UnsupportedAction(`${type} is to come after ${delayMs} ms, which is no length of time: ${wayOut}`);
}

function invoke(input: StepInput, asked: Asked, params: Readonly<Record<string, unknown>>): void {
  const { state, kind } = input;
  const ref = params.actorRef as AnyActorRef | undefined; // what spawnChild resolves to
  const source = params.src;
  if (ref === undefined || typeof source !== 'string') {
    throw new UnsupportedAction(`${input.address} invokes logic that has no name: declare it in setup({ actors })`);
  }
  const logic: unknown = Reflect.get(ref, 'logic');
  if (!Object.hasOwn(kind.effects, source)) {
    const isPromise = typeof logic === 'object' && logic !== null && promiseWork(logic as never) !== undefined;
    if (!isPromise)
      throw new UnsupportedAction(`${source} is no promise: only effects can be invoked, use spawnChild()`);
  }
  assertSerialisable(params.input, `input of ${source}`);
  const key = `${input.address}#${state.step}.${asked.serial++}`;
  state.effects.set(key, { key, kind: 'invoke', id: ref.id, source, input: params.input });
}

function applyIntent(input: StepInput, asked: Asked, intent: Intent): void {
  const { state } = input;
  switch (intent.kind) {
    case 'tell':
      for (const each of listOf<TellIntent>(intent.value)) {
        assertGiven('tell', each, '{ to, event }');
        assertTellable(each.event);
        asked.tells.push({ to: address(each.to), event: each.event });
      }
      return;
    case 'spawnChild':
      for (const each of listOf(intent.value)) {
        assertGiven('spawnChild', each, '{ address, input }');
        assertSerialisable(each.input, `input of ${each.address}`);
        const event = { type: 'actor.spawn', parent: input.address, spawned: state.step, input: each.input };
        const child = address(each.address);
        asked.tells.push({ to: child, event });
        if (each.outlives !== true) state.children.set(child, state.step);
      }
      return;
    case 'stopChild':
      for (const each of listOf(intent.value)) {
        const child = address(each);
        asked.tells.push({ to: child, event: { type: 'actor.stop' } });
        state.children.delete(child);
      }
      return;
    case 'effect':
      for (const each of listOf(intent.value)) {
        assertGiven('effect', each, '{ run, input }');
        if (!Object.hasOwn(input.kind.effects, each.run)) {
          throw new UnsupportedAction(`no effect ${each.run} was registered for kind ${input.kind.name}`);
        }
        assertSerialisable(each.input, `input of ${each.run}`);
        const key = `${input.address}#${state.step}.${asked.serial++}`;
        state.effects.set(key, { key, kind: 'effect', id: each.run, source: each.run, input: each.input });
      }
      return;
    case 'reply':
      assertSerialisable(intent.value, 'reply');
      asked.replies.push(intent.value);
      return;
  }
}

/** What machines may send: their own events, and what ends or releases an actor. Throws. */
function assertTellable(event: AnyEventObject): void {
  if (typeof event?.type !== 'string') throw new UnsupportedAction('tell() needs an event with a type');
  assertSerialisable(event, `event ${event.type}`);
  if (RESERVED.test(event.type) && !isControl(event)) {
    throw new UnsupportedAction(`${event.type} is an event of the runtime's own: name yours differently`);
  }
}

/** Machines may have no types. */
function assertGiven(action: string, each: unknown, want: string): void {
  if (typeof each === 'object' && each !== null) return;
  throw new UnsupportedAction(`${action}() was given ${String(each)}: want ${want}, or an empty list for none`);
}

function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? value : [value as Item]; // Array.isArray does not narrow readonly arrays away
}
