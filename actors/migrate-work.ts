import { type AnyEventObject, type AnyMachineSnapshot, createEmptyActor } from 'xstate';
import type { ActorState } from './actor-state.ts';
import type { PendingEffect } from './envelope.ts';
import type { Kind } from './registration.ts';
import { assertSerialisable } from './serialisable.ts';
import { assertDelay } from './step-actions.ts';

type Work = Pick<ActorState, 'timers' | 'effects'>;

/** Not the machine's own actor: in the runtime there is none, inputs are made of the context. */
const NOBODY = createEmptyActor() as never;
const EVENT: AnyEventObject = { type: 'actor.migrated' };

/**
 * Makes an actor wait for what the state it was migrated to waits for: invocations and `after` timers of states it is no
 * longer in go, those it was put into begin. What it raised itself and effects that stand alone stay. Not stored before the
 * actor's next step: until then each load comes to the same, under the same keys.
 */
export function migrateWork(
  kind: Kind,
  address: string,
  live: AnyMachineSnapshot,
  step: number,
  work: Work,
  nowMs: number,
): void {
  migrateEffects(kind, address, live, step, work.effects);
  migrateTimers(kind, live, step, work.timers, nowMs);
}

function migrateEffects(
  kind: Kind,
  address: string,
  live: AnyMachineSnapshot,
  step: number,
  effects: Map<string, PendingEffect>,
): void {
  const wanted = new Map(live._nodes.flatMap(({ invoke }) => invoke).map((each) => [each.id, each]));
  for (const [key, { kind: what, id, source }] of effects) {
    if (what !== 'invoke') continue;
    if (wanted.get(id)?.src === source) wanted.delete(id);
    else effects.delete(key);
  }
  for (const { id, src, input } of wanted.values()) {
    const given: unknown =
      typeof input === 'function' ? input({ context: live.context, event: EVENT, self: NOBODY }) : input;
    const source = String(src); // XState names logic that has no name
    assertSerialisable(given, `input of ${source} in ${kind.name}`);
    const key = `${address}#${step}.migrated.${id}`;
    effects.set(key, { key, kind: 'invoke', id, source, input: given });
  }
}

function migrateTimers(
  kind: Kind,
  live: AnyMachineSnapshot,
  step: number,
  timers: ActorState['timers'],
  nowMs: number,
): void {
  const wanted = new Map(live._nodes.flatMap(({ after }) => after).map(({ eventType, delay }) => [eventType, delay]));
  for (const id of timers.keys()) if (id.startsWith('xstate.after.') && !wanted.has(id)) timers.delete(id);
  for (const [type, delay] of wanted) {
    if (timers.has(type)) continue;
    const delayMs = lengthOf(kind, live, delay);
    assertDelay(delayMs, { type });
    timers.set(type, { event: { type }, dueMs: nowMs + delayMs, armed: step, measured: true });
  }
}

/** Of `after: { 100: ... }`, or of a name among the machine's `delays`. */
function lengthOf(kind: Kind, { context }: AnyMachineSnapshot, delay: unknown): number {
  const given: unknown = typeof delay === 'string' ? kind.machine.implementations.delays[delay] : delay;
  const resolved: unknown = typeof given === 'function' ? given({ context, event: EVENT }, undefined) : given;
  return typeof resolved === 'number' ? resolved : Number.NaN;
}
