import type { ActorState, PendingTimer } from './actor-state.ts';
import { address } from './address.ts';
import { doneBelow, remember } from './admit.ts';
import { untilAvailable } from './backoff.ts';
import { bytesOf } from './bytes-of.ts';
import type { CheckedEvent } from './check-event.ts';
import type { CyclePoint } from './cycle-point.ts';
import type { EffectResult } from './effect-runner.ts';
import type { PendingEffect, StepCause } from './envelope.ts';
import { MailboxFull } from './errors.ts';
import type { HostContext } from './host-context.ts';
import type { Kind } from './registration.ts';
import { numberMessages, seal } from './seal.ts';
import { effectEvent, runStep, type StepResult } from './step.ts';
import type { Address, Delivery, JournalEntry, MailboxMessage } from './transport.ts';
import { wakesOf } from './wake.ts';

/** Something that makes an actor step. */
export type StepWork =
  | { readonly kind: 'message'; readonly delivery: Delivery; readonly checked: CheckedEvent }
  | { readonly kind: 'timer'; readonly id: string; readonly timer: PendingTimer }
  | { readonly kind: 'effect'; readonly effect: PendingEffect; readonly result: EffectResult };

export type Work =
  | StepWork
  /** `entry`: the actor's last step, as its partition's sweep saw it. */
  | { readonly kind: 'wake'; readonly entry: JournalEntry }
  | { readonly kind: 'reload' }
  /** An effect may start that had to wait. */
  | { readonly kind: 'room' };

/** Where a step happens. */
export interface Cycle {
  readonly context: HostContext;
  readonly kind: Kind;
  readonly address: Address;
  /** Changed in place: when a step throws, it must be loaded again. */
  readonly state: ActorState;
  halted(): boolean;
  /** Throws `Halted` when the host was stopped there. */
  reached(point: CyclePoint): void;
}

const NOBODY: readonly Address[] = [];

export interface Committed {
  readonly unsent: readonly MailboxMessage[];
  /** Whom the step sent something. */
  readonly receivers: readonly Address[];
  readonly calls: readonly (() => unknown)[];
}

/** Transition, commit, acknowledge, answer. Throws `StaleCommit`, `Halted` and whatever the machine throws. */
export async function commitStep(cycle: Cycle, work: StepWork): Promise<Committed> {
  const cause = causeOf(work);
  const result = stepFor(cycle, work, cause);
  for (const { to } of result.tells) cycle.context.kindFor(address(to));
  cycle.reached('transition');
  return commitResult(cycle, work, cause, result);
}

/** The rest of the cycle, for a result that is known. `consume`: the work is done with; otherwise it comes again. */
export async function commitResult(
  cycle: Cycle,
  work: StepWork,
  cause: StepCause,
  result: StepResult,
  consume = true,
): Promise<Committed> {
  const { context, kind, address, state } = cycle;
  const { host, limits, clock } = context;
  const outgoing = numberMessages(state, address, result.tells, limits);
  const unsent = context.transport.atomicOutgoing ? [] : outgoing;
  const stored = unsent.length === 0 ? state : { ...state, outbox: [...state.outbox, ...unsent] };
  const { outcome, reason } = result;
  const { maxBodyBytes } = context.transport;
  const nowMs = clock.nowMs();
  const body = seal({ state: stored, kind, host, nowMs, cause, outcome, reason, outgoing, limits, maxBodyBytes });
  const wakes = context.wakeFromMs === undefined ? [] : wakesOf(address, state, clock.nowMs(), context.wakeFromMs);
  const scheduled = wakes.length === 0 ? {} : { scheduled: wakes };
  const step = { address, expectedSequence: state.sequence, commitId: context.freshId(), body, outgoing, ...scheduled };
  if (outcome === 'refused' && work.kind === 'message') {
    await persist(cycle, () => context.transport.deadLetter(work.delivery.message, reason ?? outcome));
  }
  state.sequence = await persist(cycle, () => context.transport.commit(step));
  // Given up meanwhile: the next owner only sees that the message was taken, so nobody else can tell its asker.
  if (cycle.halted() && work.kind === 'message' && consume) answer(context, work.delivery.message, result);
  cycle.reached('commit');
  if (work.kind === 'message' && consume) work.delivery.ack(doneBelow(state, work.delivery));
  cycle.reached('acknowledge');
  if (work.kind === 'message' && consume) answer(context, work.delivery.message, result);
  cycle.reached('send');
  const receivers = outgoing.length === 0 ? NOBODY : [...new Set(outgoing.map(({ to }) => to))];
  return { unsent, receivers, calls: result.calls };
}

function persist<Result>(cycle: Cycle, write: () => Promise<Result>): Promise<Result> {
  const { clock, random, limits, alert } = cycle.context;
  const onRetry = (error: Error, attempt: number): void => {
    if (attempt % 10 !== 1) return;
    const code = error instanceof MailboxFull ? 'MAILBOX_FULL' : 'TRANSPORT_UNAVAILABLE';
    alert({ code, address: cycle.address, text: error.message });
  };
  return untilAvailable(clock, random, limits.unavailable, () => cycle.halted(), onRetry, write);
}

export function causeOf(work: StepWork): StepCause {
  switch (work.kind) {
    case 'message': {
      const { delivery, checked } = work;
      const event = checked.refusal === undefined ? checked.event : delivery.message.event;
      return { kind: 'message', from: delivery.message.from, event };
    }
    case 'timer':
      return { kind: 'timer', from: work.id, event: work.timer.event };
    case 'effect':
      return { kind: 'effect', from: work.effect.key, event: effectEvent(work.effect, work.result) };
  }
}

function stepFor(cycle: Cycle, work: StepWork, cause: StepCause): StepResult {
  const { context, kind, address, state } = cycle;
  if (work.kind === 'message') remember(state, work.delivery, context.limits);
  if (work.kind === 'message' && work.checked.refusal !== undefined) {
    return refuse(cycle, work.delivery.message, work.checked.refusal.message);
  }
  if (work.kind === 'timer') state.timers.delete(work.id);
  if (work.kind === 'effect' && !state.effects.delete(work.effect.key)) {
    state.step++;
    const reason = 'the actor no longer waits for this result';
    return { tells: [], replies: [], calls: [], serial: 0, outcome: 'stale', reason };
  }
  const position = work.kind === 'message' ? { position: work.delivery.position } : {};
  return runStep({ kind, address, state, cause, nowMs: context.clock.nowMs(), ...position });
}

/** Kept as a dead letter, recorded, and a sending actor is told. */
function refuse(cycle: Cycle, message: MailboxMessage, reason: string): StepResult {
  const { context, address, state } = cycle;
  state.step++;
  context.alert({ code: 'MESSAGE_REFUSED', address, text: `${message.event.type} from ${message.from}: ${reason}` });
  const event = { type: 'actor.refused', address, event: message.event.type, code: 'MALFORMED_EVENT', reason };
  const tells = message.sequence === undefined ? [] : [{ to: message.from, event }];
  return { tells, replies: [], calls: [], serial: 0, outcome: 'refused', reason };
}

/** What the asker is told of a step. An answer that cannot be sent is no failure of the step, which is committed. */
function answer(context: HostContext, message: MailboxMessage, result: StepResult): void {
  if (message.replyTo === undefined) return;
  const payload =
    result.replies.length > 0
      ? { ok: true, value: result.replies.at(-1) ?? null }
      : { ok: false, outcome: result.outcome, why: result.reason ?? 'the machine gave no reply' };
  const { bus, maxBodyBytes } = context.transport;
  const bytes = bytesOf(JSON.stringify(payload));
  const why = `the event was taken, but its answer of ${bytes} bytes is more than messaging takes (${maxBodyBytes})`;
  bus.publish(message.replyTo, bytes <= maxBodyBytes ? payload : { ok: false, outcome: 'unanswerable', why });
}
