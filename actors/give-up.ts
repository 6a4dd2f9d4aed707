import type { TellIntent } from './actions.ts';
import type { ActorState } from './actor-state.ts';
import { bytesOf } from './bytes-of.ts';
import { endChildren, parentage } from './children.ts';
import type { StepCause } from './envelope.ts';
import type { Kind } from './registration.ts';
import type { StepResult } from './step.ts';
import type { Address } from './transport.ts';

/** In JSON. A message text may hold a whole payload; parking must fit where the step did not. */
const LONGEST = { reasonBytes: 1_000, codeBytes: 100 };

/** Applies the kind's policy to an actor whose step failed too often. Its supervisor hears of it as of any event. */
export function giveUp(
  kind: Kind,
  address: Address,
  state: ActorState,
  cause: StepCause,
  error: unknown,
  failures: number,
): StepResult {
  const reason = shortened(error instanceof Error ? error.message : String(error), LONGEST.reasonBytes);
  const found: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const code = typeof found === 'string' ? shortened(found, LONGEST.codeBytes) : 'STEP_FAILED';
  const { policy } = kind.onError;
  const tells: TellIntent[] = [];
  state.step++;
  adopt(state, cause);
  if (policy === 'park') {
    state.status = 'parked';
    state.parked = { reason, code, failures };
  } else {
    state.status = 'stopped';
    state.timers.clear();
    state.effects.clear();
    tells.push(...endChildren(state, address));
  }
  const type = { park: 'actor.parked', stop: 'actor.stopped', escalate: 'actor.escalated' }[policy];
  if (state.parent !== undefined)
    tells.push({ to: state.parent, event: { type, address, reason, code, spawned: state.spawned } });
  return { tells, replies: [], calls: [], serial: 0, outcome: 'failed', reason };
}

/** When the actor was to be made (again) by this: the step that failed would have said by whom. */
function adopt(state: ActorState, { event }: StepCause): void {
  if (event.type !== 'actor.spawn' || (state.status === 'active' && state.snapshot !== undefined)) return;
  state.snapshot = undefined; // of an earlier life: once released, it is made by the same message
  Object.assign(state, parentage(event));
}

/** Cut to a whole character. */
function shortened(text: string, mostBytes: number): string {
  let bytes = 0;
  let cut = '';
  for (const char of text) {
    bytes += bytesOf(JSON.stringify(char)) - 2;
    if (bytes > mostBytes) return cut;
    cut += char;
  }
  return cut;
}
