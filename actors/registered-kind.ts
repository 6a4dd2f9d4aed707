import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { InvalidSettings, UnsupportedAction } from './errors.ts';
import { promiseWork } from './promise-logic.ts';
import type { Kind, KindOptions } from './registration.ts';
import { assertWhole } from './settings.ts';

/** The copies that run, by the machine they were made of: machines are big, and many systems may register one. */
const BOUNDED = new WeakMap<AnyStateMachine, Map<number, AnyStateMachine>>();

/**
 * A kind as it was registered, with its defaults, by callers that may have no types. Throws `InvalidSettings`, and
 * `UnsupportedAction` when its machine invokes what cannot be durable.
 */
export function registeredKind(name: string, options: KindOptions, microsteps: number): Kind {
  if (typeof options !== 'object' || options === null) throw new InvalidSettings(`kind ${name} has no options`);
  const { machine, version, events, effects = {}, migrate } = options;
  const onError = { maxFailures: 5, policy: 'park' as const, ...options.onError };
  const assert = (fits: boolean, what: string): void => {
    if (!fits) throw new InvalidSettings(`kind ${name}: ${what}`);
  };
  const isMachine = hasFunction(machine, 'provide') && hasFunction(machine, 'restoreSnapshot');
  assert(isMachine, 'machine is no state machine of XState 5: want setup(...).createMachine(...)');
  // Zero and below are versions too.
  assertWhole(`version of kind ${name}`, version, Number.MIN_SAFE_INTEGER);
  assert(hasFunction(events, 'safeParse'), 'events is no schema: want one of zod, such as z.discriminatedUnion(...)');
  assert(typeof effects === 'object' && effects !== null, 'effects is no object of functions');
  for (const [effect, run] of Object.entries(effects)) {
    assert(typeof run === 'function', `effect ${effect} is no function`);
  }
  assert(migrate === undefined || typeof migrate === 'function', 'migrate is no function');
  assertWhole(`onError.maxFailures of kind ${name}`, onError.maxFailures, 1);
  const { policy } = onError;
  assert(['park', 'stop', 'escalate'].includes(policy), `onError.policy is ${policy}: want park, stop or escalate`);
  assertInvocations(name, machine, effects);
  return { ...options, machine: bounded(machine, microsteps), name, effects, onError };
}

function hasFunction(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

/** Only effects and promises can be invoked. */
function assertInvocations(name: string, machine: AnyStateMachine, effects: object): void {
  const nodes = [machine.root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    nodes.push(...Object.values(node.states));
    for (const { src } of node.invoke) {
      const logic = typeof src === 'string' ? machine.implementations.actors[src] : src;
      if (typeof src === 'string' && Object.hasOwn(effects, src)) continue;
      if (!hasFunction(logic, 'transition') || promiseWork(logic as AnyActorLogic) !== undefined) continue; // logic has one
      const what = typeof src === 'string' ? src : 'logic';
      throw new UnsupportedAction(
        `kind ${name} invokes ${what} in ${node.id}, which is no promise: only effects can be invoked, use spawnChild()`,
      );
    }
  }
}

/**
 * The machine, but with a bound on the transitions within one step, if it sets none itself: one that goes in circles would
 * stop its host, and each next host with it.
 */
function bounded(machine: AnyStateMachine, microsteps: number): AnyStateMachine {
  if (Number.isFinite(machine.options?.maxIterations)) return machine;
  const copies = BOUNDED.get(machine) ?? new Map<number, AnyStateMachine>();
  BOUNDED.set(machine, copies);
  const copy = copies.get(microsteps) ?? machine.provide({});
  copies.set(microsteps, copy);
  copy.options = { ...copy.options, maxIterations: microsteps };
  return copy;
}
