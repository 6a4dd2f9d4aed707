import type { SeedOutcome } from '../simulation/mod.ts';

/** What many seeds came to. */
export interface FuzzSummary {
  readonly seeds: number;
  readonly failed: number;
  readonly recoveries: number;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
}

/** Sums up. `failed`: those that are news. */
export function summarise(outcomes: readonly SeedOutcome[], failed: number, wallSeconds: number): FuzzSummary {
  const simulatedSeconds = outcomes.reduce((sum, outcome) => sum + outcome.simulatedSeconds, 0);
  const recoveries = outcomes.reduce((sum, outcome) => sum + outcome.recoveries, 0);
  return { seeds: outcomes.length, failed, recoveries, simulatedSeconds, wallSeconds };
}

/** In one line for people. */
export function inWords({ seeds, failed, recoveries, simulatedSeconds, wallSeconds }: FuzzSummary): string {
  const speed = Math.round(simulatedSeconds / wallSeconds);
  return `${seeds} seeds, ${failed} failed, ${recoveries} recoveries, ${(simulatedSeconds / 3600).toFixed(1)} simulated hours in ${wallSeconds.toFixed(1)} s (${speed} times real time)`;
}
