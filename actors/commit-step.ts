import type { ActorState, PendingTimer } from './actor-state.ts';
import { remember } from './admit.ts';
import { untilAvailable } from './backoff.ts';
import type { CyclePoint } from './cycle-point.ts';
import type { EffectResult } from './effect-runner.ts';
import type { Outcome, PendingEffect, StepCause } from './envelope.ts';
import { MailboxFull } from './errors.ts';
import type { HostContext } from './host-context.ts';
import type { Kind } from './registration.ts';
import { numberMessages, seal } from './seal.ts';
import { effectEvent, runStep, type StepResult } from './step.ts';
import type { Address, Delivery, MailboxMessage } from './transport.ts';

export type Work =
  | { readonly kind: 'message'; readonly delivery: Delivery; readonly refusal: string | undefined }
  | { readonly kind: 'timer'; readonly id: string; readonly timer: PendingTimer }
  | { readonly kind: 'effect'; readonly effect: PendingEffect; readonly result: EffectResult }
  | { readonly kind: 'wake' }
  | { readonly kind: 'reload' };

export interface Committed {
  readonly unsent: readonly MailboxMessage[];
  readonly calls: readonly (() => void)[];
}

interface Cycle {
  halted(): boolean;
  reached(point: CyclePoint): void;
}

/**
 * Transition, commit, acknowledge, answer. Changes `state`; when it throws, the state must be loaded again.
 * Throws `StaleCommit`, `Halted` and whatever the machine throws.
 */
export async function commitStep(
  context: HostContext,
  kind: Kind,
  address: Address,
  state: ActorState,
  work: Exclude<Work, { kind: 'wake' | 'reload' }>,
  cycle: Cycle,
): Promise<Committed> {
  const { transport, clock, limits } = context;
  const cause = causeOf(work);
  const existed = state.snapshot !== undefined;
  const result = stepFor(context, kind, address, state, work, cause);
  cycle.reached('transition');
  if (!existed && state.snapshot === undefined) {
    // Stopping what never was leaves no trace in the journal.
    if (work.kind === 'message') work.delivery.ack();
    state.step = 0;
    return { unsent: [], calls: [] };
  }
  const outgoing = numberMessages(state, address, result.tells, limits);
  const unsent = transport.atomicOutgoing ? [] : outgoing;
  const envelopeState = unsent.length === 0 ? state : { ...state, outbox: [...state.outbox, ...unsent] };
  const { host } = context;
  const { outcome, reason } = result;
  const nowMs = clock.nowMs();
  const body = seal({ state: envelopeState, kind, host, nowMs, cause, outcome, reason, outgoing, limits });
  const step = { address, expectedSequence: state.sequence, commitId: context.freshId(), body, outgoing };
  state.sequence = await untilAvailable(
    clock,
    context.random,
    limits.unavailable,
    () => cycle.halted(),
    (error, attempt) => {
      if (attempt % 10 !== 1) return;
      const code = error instanceof MailboxFull ? 'MAILBOX_FULL' : 'TRANSPORT_UNAVAILABLE';
      context.alert({ code, address, text: error.message });
    },
    () => transport.commit(step),
  );
  cycle.reached('commit');
  if (work.kind === 'message') work.delivery.ack();
  cycle.reached('acknowledge');
  if (work.kind === 'message') answer(context, work.delivery.message, result);
  cycle.reached('send');
  return { unsent, calls: result.calls };
}

function causeOf(work: Exclude<Work, { kind: 'wake' | 'reload' }>): StepCause {
  switch (work.kind) {
    case 'message':
      return { kind: 'message', from: work.delivery.message.from, event: work.delivery.message.event };
    case 'timer':
      return { kind: 'timer', from: work.id, event: work.timer.event };
    case 'effect':
      return { kind: 'effect', from: work.effect.key, event: effectEvent(work.effect, work.result) };
  }
}

function stepFor(
  context: HostContext,
  kind: Kind,
  address: Address,
  state: ActorState,
  work: Exclude<Work, { kind: 'wake' | 'reload' }>,
  cause: StepCause,
): StepResult {
  const nothing = { tells: [], replies: [], calls: [], serial: 0 };
  if (work.kind === 'message') remember(state, work.delivery.message, context.limits);
  if (work.kind === 'timer') state.timers.delete(work.id);
  if (work.kind === 'effect' && !state.effects.delete(work.effect.key)) {
    state.step++;
    return { ...nothing, outcome: 'stale' satisfies Outcome, reason: 'the actor no longer waits for this result' };
  }
  return runStep({ kind, address, state, cause, nowMs: context.clock.nowMs() });
}

function answer(context: HostContext, message: MailboxMessage, result: StepResult): void {
  if (message.replyTo === undefined) return;
  const payload =
    result.replies.length > 0
      ? { ok: true, value: result.replies.at(-1) ?? null }
      : { ok: false, outcome: result.outcome, why: result.reason ?? 'the machine gave no reply' };
  context.transport.bus.publish(message.replyTo, payload);
}
