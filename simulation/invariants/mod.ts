import { attemptsAndWaits } from './attempts.ts';
import { memoryIsLatest } from './latest-memory.ts';
import { epochsGrow, runsUnderLease } from './leases.ts';
import { managementLossTakesNothing } from './management-only.ts';
import { messagesOnce, nobodyParked } from './messages.ts';
import { importantFirst } from './priority.ts';
import { placementKeepsRules } from './rules.ts';
import { placementKeepsTogether } from './together.ts';
import { twoCopies } from './two-copies.ts';
import type { Watch, Watcher } from './watcher.ts';
import { stoppedStays } from './wishes.ts';

export { everyVmAsWished, type Liveness } from './liveness.ts';
export type { Watch, Watcher } from './watcher.ts';

/** What must hold at every instant of every run, whatever happens. */
export function invariants(watch: Watch): readonly Watcher[] {
  const all = [
    twoCopies,
    runsUnderLease,
    memoryIsLatest,
    epochsGrow,
    stoppedStays,
    managementLossTakesNothing,
    placementKeepsRules,
    placementKeepsTogether,
    importantFirst,
    attemptsAndWaits,
    messagesOnce,
    nobodyParked,
  ];
  return all.map((invariant) => invariant(watch));
}
