import type { TellIntent } from './actions.ts';
import type { ActorState } from './actor-state.ts';
import { endsChild } from './children.ts';
import { isControl, laneOf } from './control.ts';
import type { Envelope, Outcome, StepCause } from './envelope.ts';
import { TooManyChildren, TooManyMessages } from './errors.ts';
import { fitting } from './fitting.ts';
import type { Limits } from './limits.ts';
import type { Kind } from './registration.ts';
import { nextSequence } from './sequence.ts';
import { storeSnapshot, UNBORN } from './snapshot.ts';
import type { Address, MailboxMessage } from './transport.ts';

/** Numbers this step's messages and remembers the numbers in `state`. */
export function numberMessages(
  state: ActorState,
  from: Address,
  tells: readonly TellIntent[],
  limits: Limits,
): MailboxMessage[] {
  assertFew(state, from, tells, limits);
  // The state may let go of a receiver within this very step.
  const given = new Map<string, number>();
  return tells.map(({ to, event }) => {
    const receiver = to as Address; // checked when the action was applied
    const lane = laneOf(receiver, event);
    const sequence = nextSequence(given.get(lane) ?? state.sent.get(lane), state.step);
    given.set(lane, sequence);
    touch(state.sent, lane, sequence, limits.receiversRemembered);
    const message = { id: `${from}>${lane}#${sequence}`, to: receiver, from, sequence, event };
    return isControl(event) ? { ...message, urgent: true } : message;
  });
}

/** What ends its children is no message of the machine's: an actor must be able to end. */
function assertFew(state: ActorState, from: Address, tells: readonly TellIntent[], limits: Limits): void {
  if (tells.length > limits.tellsPerStep) {
    const own = tells.filter(({ event }) => !endsChild(event, from)).length;
    const wayOut = 'send them in several steps, or raise limits.tellsPerStep';
    if (own > limits.tellsPerStep) {
      throw new TooManyMessages(`one step sends ${own} messages, the limit is ${limits.tellsPerStep}: ${wayOut}`);
    }
  }
  if (state.children.size > limits.children) {
    const wayOut = 'spread them over several supervisors, let them outlive it, or raise limits.children';
    throw new TooManyChildren(
      `${from} has ${state.children.size} children, the limit is ${limits.children}: ${wayOut}`,
    );
  }
}

/** Moves the entry to the young end and lets the oldest go. True when one went. */
export function touch(map: Map<string, number>, key: string, value: number, most: number): boolean {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return false;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
  return true;
}

export interface Sealed {
  readonly state: ActorState;
  readonly kind: Kind;
  readonly host: string;
  readonly nowMs: number;
  readonly cause: StepCause;
  readonly outcome: Outcome;
  readonly reason: string | undefined;
  readonly outgoing: readonly MailboxMessage[];
  readonly limits: Limits;
  /** What messaging takes. */
  readonly maxBodyBytes: number;
}

/** The step as JSON. Throws `SnapshotTooLarge`, `NotSerialisable`. */
export function seal(input: Sealed): string {
  const { state, kind, nowMs } = input;
  const envelope: Envelope = {
    format: 1,
    version: kind.version,
    step: state.step,
    host: input.host,
    status: state.status,
    snapshot: state.snapshot === undefined ? UNBORN : storeSnapshot(state.snapshot),
    unborn: state.snapshot === undefined ? true : undefined,
    parent: state.parent,
    spawned: state.spawned,
    children: state.children.size === 0 ? undefined : Object.fromEntries(state.children),
    timers: Array.from(state.timers, ([id, { event, dueMs, armed }]) => ({
      id,
      event,
      armed,
      remainingMs: Math.max(0, dueMs - nowMs),
    })),
    cursors: Object.fromEntries(state.cursors),
    atLeast: state.atLeast.size === 0 ? undefined : Object.fromEntries(state.atLeast),
    forgot: state.forgot ? true : undefined,
    recent: state.recent,
    takenUpTo: state.takenUpTo,
    done: state.done.below === 0 ? undefined : state.done,
    endedUpTo: state.endedUpTo === 0 ? undefined : state.endedUpTo,
    sent: Object.fromEntries(state.sent),
    outbox: state.outbox,
    effects: [...state.effects.values()],
    cause: input.cause,
    outcome: input.outcome,
    reason: input.reason,
    tells: input.outgoing.map(({ to, event }) => ({ to, type: event.type })),
    parked: state.parked,
  };
  return fitting(input, envelope);
}
