import { TerminalError } from '#actors';

export const sensitivities = ['standard', 'medium-high', 'high', 'instant'] as const;
export type Sensitivity = (typeof sensitivities)[number];

/** All in milliseconds of elapsed time (G3). */
export interface Timings {
  readonly sensitivity: Sensitivity;
  /** Between two heartbeats (slot and database), observations and guardian steps. */
  readonly intervalMs: number;
  /** A heartbeat not seen to change for this long is stale. */
  readonly staleMs: number;
  /** The guardian acts when its last good slot write began longer ago than this. */
  readonly guardianDeadlineMs: number;
  /** Suspending all VMs may take this long; then what still runs is forced off. */
  readonly suspendBudgetMs: number;
  readonly forceOffBudgetMs: number;
  /** Clocks that run at different rates, and one interval of the guardian's own schedule. */
  readonly driftMarginMs: number;
  /** The host is reset when the agent did not kick for this long. */
  readonly watchdogTimeoutMs: number;
  /** Nobody saw the slot change for this long: its copies are suspended, off, or the host was reset. */
  readonly takeoverBoundMs: number;
  /** B7: upper bounds on the time to trigger. */
  readonly triggerMs: {
    readonly hostFailure: number;
    readonly fileSystemReadOnly: number;
    readonly vmNetwork: number;
    readonly guestOs: number;
    readonly stateMismatch: number;
  };
}

/** The settings would let two copies run, or break a promised time. `message` shows the arithmetic. */
export class UnsafeTimings extends TerminalError {
  override readonly name = 'UnsafeTimings';
  readonly code = 'UNSAFE_TIMINGS';
}

/** What a person may tune; everything else follows from it. */
export interface TimingInput {
  readonly sensitivity: Sensitivity;
  /** At least one configured fence confirms. Instant is refused without (B8). */
  readonly confirmingFence: boolean;
  readonly clockDriftPercent?: number;
  readonly override?: Partial<
    Pick<
      Timings,
      | 'intervalMs'
      | 'staleMs'
      | 'guardianDeadlineMs'
      | 'suspendBudgetMs'
      | 'forceOffBudgetMs'
      | 'watchdogTimeoutMs'
      | 'takeoverBoundMs'
    >
  >;
}

interface Row {
  readonly intervalMs: number;
  readonly staleMs: number;
  readonly guardianDeadlineMs: number;
  readonly suspendBudgetMs: number;
  readonly forceOffBudgetMs: number;
  /** The takeover bound may never exceed it: the rest up to B7's bound is for deciding. */
  readonly takeoverLimitMs: number;
  readonly hostFailure: number;
  readonly vmNetwork: number;
  readonly guestOs: number;
}

const ROWS: Readonly<Record<Sensitivity, Row>> = {
  standard: row(2000, 30_000, 30_000, 20_000, 20_000, 90_000, 130_000, 65_000, 120_000),
  'medium-high': row(2000, 24_000, 24_000, 15_000, 15_000, 70_000, 100_000, 45_000, 60_000),
  high: row(1000, 14_000, 14_000, 10_000, 10_000, 45_000, 60_000, 35_000, 30_000),
  instant: row(100, 350, 14_000, 10_000, 10_000, 45_000, 60_000, 35_000, 30_000),
};

function row(
  intervalMs: number,
  staleMs: number,
  guardianDeadlineMs: number,
  suspendBudgetMs: number,
  forceOffBudgetMs: number,
  takeoverLimitMs: number,
  hostFailure: number,
  vmNetwork: number,
  guestOs: number,
): Row {
  return {
    intervalMs,
    staleMs,
    guardianDeadlineMs,
    suspendBudgetMs,
    forceOffBudgetMs,
    takeoverLimitMs,
    hostFailure,
    vmNetwork,
    guestOs,
  };
}

/** Every time of B7 and B8 for these settings. Throws `UnsafeTimings` with the arithmetic when they are not safe. */
export function timingsFor(input: TimingInput): Timings {
  const { takeoverLimitMs, hostFailure, vmNetwork, guestOs, ...defaults } = ROWS[input.sensitivity];
  if (input.sensitivity === 'instant' && !input.confirmingFence) {
    throw new UnsafeTimings(
      `instant waits ${defaults.staleMs} ms, but a host isolates itself only after ` +
        `${defaults.guardianDeadlineMs} + ${defaults.suspendBudgetMs} + ${defaults.forceOffBudgetMs} ms: ` +
        'configure a fence that confirms, or choose high',
    );
  }
  const times = { ...defaults, ...input.override };
  const budgetMs = times.suspendBudgetMs + times.forceOffBudgetMs;
  const isolatedMs = times.guardianDeadlineMs + budgetMs;
  const driftMarginMs = Math.ceil((isolatedMs * (input.clockDriftPercent ?? 5)) / 100) + times.intervalMs;
  const timings: Timings = {
    ...times,
    sensitivity: input.sensitivity,
    driftMarginMs,
    watchdogTimeoutMs: times.watchdogTimeoutMs ?? budgetMs,
    takeoverBoundMs: times.takeoverBoundMs ?? isolatedMs + driftMarginMs,
    triggerMs: { hostFailure, fileSystemReadOnly: 85_000, vmNetwork, guestOs, stateMismatch: 0 },
  };
  const wrong = unsafe(timings, takeoverLimitMs);
  if (wrong !== undefined) throw new UnsafeTimings(wrong);
  return timings;
}

function unsafe(t: Timings, takeoverLimitMs: number): string | undefined {
  const isolatedMs = t.guardianDeadlineMs + t.suspendBudgetMs + t.forceOffBudgetMs;
  const parts = [
    t.intervalMs,
    t.staleMs,
    t.guardianDeadlineMs,
    t.suspendBudgetMs,
    t.forceOffBudgetMs,
    t.watchdogTimeoutMs,
  ];
  if (parts.some((part) => !Number.isFinite(part) || part <= 0)) return 'every time must be above 0 ms';
  if (isolatedMs + t.driftMarginMs > t.takeoverBoundMs) {
    return (
      `guardian deadline ${t.guardianDeadlineMs} + suspend ${t.suspendBudgetMs} + force-off ${t.forceOffBudgetMs} + ` +
      `drift margin ${t.driftMarginMs} = ${isolatedMs + t.driftMarginMs} ms > takeover bound ${t.takeoverBoundMs} ms`
    );
  }
  if (t.guardianDeadlineMs + t.watchdogTimeoutMs + t.driftMarginMs > t.takeoverBoundMs) {
    return (
      `guardian deadline ${t.guardianDeadlineMs} + watchdog ${t.watchdogTimeoutMs} + drift margin ${t.driftMarginMs} = ` +
      `${t.guardianDeadlineMs + t.watchdogTimeoutMs + t.driftMarginMs} ms > takeover bound ${t.takeoverBoundMs} ms`
    );
  }
  if (t.watchdogTimeoutMs < t.intervalMs * 3) {
    return `watchdog ${t.watchdogTimeoutMs} ms < 3 x interval ${t.intervalMs} ms: one late kick would reset the host`;
  }
  if (t.staleMs < t.intervalMs * 3) {
    return `stale ${t.staleMs} ms < 3 x interval ${t.intervalMs} ms: one late heartbeat would look like a failure`;
  }
  if (t.guardianDeadlineMs < t.intervalMs * 3) {
    return `guardian deadline ${t.guardianDeadlineMs} ms < 3 x interval ${t.intervalMs} ms: one late write would suspend all`;
  }
  if (t.takeoverBoundMs > takeoverLimitMs) {
    return `takeover bound ${t.takeoverBoundMs} ms > ${takeoverLimitMs} ms, the most that ${t.sensitivity} allows`;
  }
  return undefined;
}
