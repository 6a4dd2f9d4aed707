import type { ActorState } from './actor-state.ts';
import type { Kind } from './registration.ts';
import type { StepResult } from './step.ts';
import type { Address } from './transport.ts';

/** A message text may hold a whole payload; parking must fit where the step did not. */
const LONGEST_REASON = 1_000;

/** Applies the kind's policy to an actor whose step failed too often. Its supervisor hears of it as of any event. */
export function giveUp(kind: Kind, address: Address, state: ActorState, error: unknown, failures: number): StepResult {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON);
  const found: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const code = typeof found === 'string' ? found : 'STEP_FAILED';
  const { policy } = kind.onError;
  state.step++;
  if (policy === 'park') {
    state.status = 'parked';
    state.parked = { reason, code, failures };
  } else {
    state.status = 'stopped';
    state.timers.clear();
    state.effects.clear();
  }
  const type = { park: 'actor.parked', stop: 'actor.stopped', escalate: 'actor.escalated' }[policy];
  const tells = state.parent === undefined ? [] : [{ to: state.parent, event: { type, address, reason, code } }];
  return { tells, replies: [], calls: [], serial: 0, outcome: 'failed', reason };
}
