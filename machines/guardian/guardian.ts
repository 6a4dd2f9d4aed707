import type { VmId } from '../ids.ts';
import type { Timings } from '../timings/mod.ts';

/**
 * guarding: storage works, copies may run. isolating: storage lost, copies still run or may. isolated: none runs, and
 * none may be started or resumed. Safety (G2): the watchdog is kicked only in `guarding` within the deadline and in
 * `isolated`; so whoever does not get through `isolating` within the watchdog timeout is reset by the hardware.
 */
export interface GuardianState {
  readonly mode: 'guarding' | 'isolating' | 'isolated';
  /** When the latest slot write that succeeded *began*. */
  readonly goodWriteBeganMs: number;
  readonly lastStepMs: number;
  /** When it left `guarding`; undefined in `guarding`. */
  readonly isolatingSinceMs?: number;
}

export interface GuardianInput {
  readonly nowMs: number;
  /** When the latest successful slot write began, by the same clock. */
  readonly goodWriteBeganMs: number;
  /** Copies that run, or that a start or resume under way may yet make run. Undefined: the hypervisor does not answer. */
  readonly running: readonly VmId[] | undefined;
  /** How long the host stood still unnoticed by its clock, as others' counters tell, ms. */
  readonly gapMs?: number;
}

export interface GuardianStep {
  readonly state: GuardianState;
  readonly suspend: readonly VmId[];
  readonly forceOff: readonly VmId[];
  readonly kickWatchdog: boolean;
  /** Storage is back: reclaim or remove each suspended copy (B2, B4). */
  readonly storageBack: boolean;
  /** Why the mode changed, in words. */
  readonly why?: string;
}

/** Right after a start nothing is known: whatever runs is isolated until storage was written again. */
export function initialGuardian(nowMs: number): GuardianState {
  return { mode: 'isolating', goodWriteBeganMs: Number.NEGATIVE_INFINITY, lastStepMs: nowMs, isolatingSinceMs: nowMs };
}

/** One step of the guardian; pure. Call it at least every interval: a longer gap than the deadline counts as lost storage. */
export function stepGuardian(
  before: GuardianState,
  input: GuardianInput,
  timings: Pick<Timings, 'guardianDeadlineMs' | 'suspendBudgetMs'>,
): GuardianStep {
  const { nowMs } = input;
  if (nowMs < before.lastStepMs) throw new RangeError(`time went back from ${before.lastStepMs} to ${nowMs} ms`);
  const state = {
    ...before,
    lastStepMs: nowMs,
    goodWriteBeganMs: Math.max(before.goodWriteBeganMs, input.goodWriteBeganMs),
  };
  const gapMs = Math.max(nowMs - before.lastStepMs, input.gapMs ?? 0);
  const ageMs = nowMs - state.goodWriteBeganMs;
  const lost =
    gapMs > timings.guardianDeadlineMs
      ? `its own schedule stood still for ${gapMs} ms`
      : ageMs > timings.guardianDeadlineMs
        ? `its last good slot write began ${ageMs} ms ago`
        : undefined;
  if (before.mode === 'guarding') {
    if (lost === undefined) return quiet(state, true);
    const why = `${lost}, more than ${timings.guardianDeadlineMs} ms`;
    return { ...isolate({ ...state, mode: 'isolating', isolatingSinceMs: nowMs }, input, timings), why };
  }
  if (before.mode === 'isolating' || input.running === undefined || input.running.length > 0) {
    return isolate(before.mode === 'isolating' ? state : { ...state, mode: 'isolating' }, input, timings);
  }
  // Isolated, and nothing runs. A write that began after the isolation proves that storage is back.
  const back = lost === undefined && state.goodWriteBeganMs > (state.isolatingSinceMs ?? nowMs);
  if (!back) return quiet(state, true);
  const { isolatingSinceMs: _, ...rest } = state;
  return { ...quiet({ ...rest, mode: 'guarding' }, true), storageBack: true, why: 'a slot write succeeded again' };
}

function quiet(state: GuardianState, kickWatchdog: boolean): GuardianStep {
  return { state, suspend: [], forceOff: [], kickWatchdog, storageBack: false };
}

function isolate(
  state: GuardianState,
  { nowMs, running }: GuardianInput,
  { suspendBudgetMs }: Pick<Timings, 'suspendBudgetMs'>,
): GuardianStep {
  if (running === undefined) return quiet(state, false);
  if (running.length === 0) return { ...quiet({ ...state, mode: 'isolated' }, true), why: 'no copy runs any more' };
  const overdue = nowMs - (state.isolatingSinceMs ?? nowMs) >= suspendBudgetMs;
  const step = quiet(state, false);
  return overdue ? { ...step, forceOff: running } : { ...step, suspend: running };
}
