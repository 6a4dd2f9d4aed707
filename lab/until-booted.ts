import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './lab-error.ts';
import { recordsOfEpoch } from './witness.ts';

const LOOK_MS = 150;
/** Emulated guests on a busy machine: ten take 29 s on two cores. */
const DEADLINE_MS = 180_000;

/** Waits for the first record of the guest that was started for that epoch. Throws `LabError` when none comes. */
export async function untilBooted(disk: string, vm: string, epoch: number): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS;
  while ((await recordsOfEpoch(disk, epoch)).length === 0) {
    if (performance.now() > untilMs) throw new LabError(`the guest of ${vm} (epoch ${epoch}) does not boot`);
    await delay(LOOK_MS);
  }
}
