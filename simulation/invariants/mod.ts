import { everythingAgrees } from './agreement.ts';
import { attemptsAndWaits } from './attempts.ts';
import { disarmedFencesNobody } from './disarmed-fence.ts';
import { downWithinBound } from './down-too-long.ts';
import { frozenWaits } from './frozen.ts';
import { memoryIsLatest } from './latest-memory.ts';
import { epochsGrow, leaseStaysWithCopy, runsUnderLease } from './leases.ts';
import { everyVmAsWished, type Settles } from './liveness.ts';
import { managementLossTakesNothing } from './management-only.ts';
import { messagesOnce, nobodyParked } from './messages.ts';
import { disarmedPlacesNobody, maintainedTakesNobody } from './obeyed-orders.ts';
import { importantFirst } from './priority.ts';
import { placementKeepsRules } from './rules.ts';
import { storageLossMovesNothing } from './storage-gone.ts';
import { triggeredInTime } from './time-to-trigger.ts';
import { placementKeepsTogether } from './together.ts';
import { twoCopies } from './two-copies.ts';
import { unprotectedStaysDown } from './unprotected.ts';
import { waitsEnd } from './waits-too-long.ts';
import type { Watch, Watcher } from './watcher.ts';
import { stoppedStays } from './wishes.ts';

export type { Settles } from './liveness.ts';
export type { Watch, Watcher } from './watcher.ts';

/** What must hold at every instant of every run, whatever happens. */
export function invariants(watch: Watch): readonly Watcher[] {
  const all = [
    twoCopies,
    runsUnderLease,
    leaseStaysWithCopy,
    memoryIsLatest,
    epochsGrow,
    stoppedStays,
    managementLossTakesNothing,
    storageLossMovesNothing,
    placementKeepsRules,
    placementKeepsTogether,
    importantFirst,
    attemptsAndWaits,
    waitsEnd,
    triggeredInTime,
    downWithinBound,
    unprotectedStaysDown,
    frozenWaits,
    disarmedPlacesNobody,
    disarmedFencesNobody,
    maintainedTakesNobody,
    messagesOnce,
    nobodyParked,
  ];
  return all.map((invariant) => invariant(watch));
}

/** What must come true in a run in which all faults are gone from some instant on. */
export function settlements(watch: Watch): readonly Settles[] {
  return [everyVmAsWished(watch), everythingAgrees(watch)];
}
