import { type FuzzShape, fuzz } from '../simulation/mod.ts';
import { printSmallest } from './smallest-schedules.ts';

interface SoakFlags extends FuzzShape {
  readonly from?: number;
  readonly workers: number;
}

/** Seeds between two lines of progress. */
const ROUND = 100;

/** `sim soak`: one round of seeds after the other until interrupted; exit status 1 when any failed. */
export async function soakCommand({ nodes, vms, hours, from, workers }: SoakFlags): Promise<void> {
  let first = from ?? Math.floor(Date.now() / 1000) % 1e9;
  let stopping = false;
  let [played, failed] = [0, 0];
  process.once('SIGINT', () => {
    stopping = true;
    console.error('stops after this round; once more to stop at once');
  });
  for (; !stopping; first += ROUND) {
    const outcomes = await fuzz({
      ...{ seeds: ROUND, from: first, workers, shape: { nodes, vms, hours } },
      onOutcome: ({ seed, failure }) => {
        played += 1;
        if (failure === undefined) return;
        failed += 1;
        process.exitCode = 1;
        console.log(`seed ${seed}: ${failure}`);
      },
    });
    const broken = outcomes.filter(({ failure }) => failure !== undefined);
    if (!stopping) await printSmallest(broken, { nodes, vms, hours }, false);
    console.error(`${played} seeds up to ${first + ROUND - 1}, ${failed} failed`);
  }
}
