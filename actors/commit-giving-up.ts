import { remember } from './admit.ts';
import { type Committed, type Cycle, causeOf, commitResult, type StepWork } from './commit-step.ts';
import { giveUp } from './give-up.ts';

/** Stores what the kind's policy makes of a step that failed too often. Throws as `commitStep`. */
export async function commitGivingUp(
  cycle: Cycle,
  work: StepWork,
  error: unknown,
  failures: number,
): Promise<Committed> {
  const { context, kind, address, state } = cycle;
  const parks = kind.onError.policy === 'park';
  if (work.kind === 'message' && !parks) remember(state, work.delivery, context.limits);
  const cause = causeOf(work);
  const result = giveUp(kind, address, state, cause, error, failures);
  const committed = await commitResult(cycle, work, cause, result, !parks);
  const text = `${address} after ${failures} failures: ${result.reason}`;
  context.alert({ code: parks ? 'ACTOR_PARKED' : 'ACTOR_ENDED', address, text });
  return committed;
}
