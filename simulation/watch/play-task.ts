import type { JournalEntry } from '#actors';
import type { FuzzShape } from '../fuzz/random-cluster.ts';
import type { Schedule } from '../fuzz/schedule.ts';
import type { ScenarioResult } from '../run/result.ts';

/** A schedule that a thread shall play. */
export interface SchedulePlay {
  readonly schedule: Schedule;
  /** Instead of the one in the scenario. */
  readonly seed?: number;
  /** Whether the last steps of all actors are wanted, too. */
  readonly journals?: boolean;
  /** Only what happens before that instant, once, whatever it comes to. */
  readonly endsBeforeMs?: number;
}

/** What a playing thread is sent. */
export type PlayTask =
  | { readonly kind: 'seed'; readonly seed: number; readonly shape: FuzzShape }
  | ({ readonly kind: 'schedule' } & SchedulePlay);

/** What it answers a schedule with; a seed it answers with its `SeedOutcome`. */
export interface Played {
  readonly result: ScenarioResult;
  readonly journals: readonly JournalEntry[];
}
