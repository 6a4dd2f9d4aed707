/** One line of a scenario's timeline. `at`: seconds of simulated time. */
export interface TimelineEntry {
  readonly at: number;
  readonly what: string;
  readonly vm?: string;
  readonly node?: string;
  readonly from?: string;
  readonly why: string;
}

/** One VM brought back by HA. Seconds of simulated time. */
export interface Recovery {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly failedAt: number;
  readonly triggeredAt: number;
  readonly startedAt: number;
  readonly seconds: number;
}

export interface Violation {
  readonly at: number;
  readonly invariant: string;
  readonly why: string;
}

export type PlacementState = 'running' | 'suspended' | 'stopped' | 'failed' | 'waiting';

/** What playing one scenario gave: the output object of `sim run --json`. */
export interface ScenarioResult {
  readonly name: string;
  readonly seed: number;
  readonly ok: boolean;
  readonly placement: Readonly<Record<string, { readonly state: PlacementState; readonly node: string | null }>>;
  readonly unmet: readonly string[];
  readonly timeline: readonly TimelineEntry[];
  readonly recoveries: readonly Recovery[];
  readonly violations: readonly Violation[];
  /** How often HA acted, or refused to. */
  readonly decisions: number;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
  /** SHA-256 of the timeline: equal for two runs of one seed. */
  readonly hash: string;
}
