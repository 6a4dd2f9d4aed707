import { type FuzzShape, fuzz, type SeedOutcome } from '../simulation/mod.ts';
import { inWords, summarise } from './fuzz-summary.ts';
import { LAST_SEED } from './option-values.ts';
import { printSmallest } from './smallest-schedules.ts';
import { stopOnSignal } from './stop-on-signal.ts';

interface SoakFlags extends FuzzShape {
  readonly from?: number;
  readonly workers: number;
  readonly stuckAfter: number;
}

/** Seeds between two lines of progress. */
const ROUND = 100;

/**
 * `sim soak`: one round of seeds after the other until interrupted; then it ends at once, in the midst of a round, and
 * sums up. Exit status 1 when any seed failed.
 */
export async function soakCommand({ nodes, vms, hours, from, workers, stuckAfter }: SoakFlags): Promise<void> {
  const shape = { nodes, vms, hours };
  const stuckAfterMs = stuckAfter * 1000;
  const signal = stopOnSignal();
  const began = performance.now();
  const all: SeedOutcome[] = [];
  let failed = 0;
  let first = from ?? Math.floor(Date.now() / 1000) % LAST_SEED;
  console.error(`plays seeds from ${first} on until it is stopped (Ctrl-C)`);
  while (!signal.aborted) {
    const seeds = Math.min(ROUND, LAST_SEED + 1 - first);
    const outcomes = await fuzz({
      ...{ seeds, from: first, workers: Math.min(workers, seeds), shape, signal, stuckAfterMs },
      onOutcome: ({ seed, failure, where }) => {
        if (failure === undefined) return;
        failed += 1;
        process.exitCode = 1;
        console.log(`seed ${seed}: ${failure}${where === undefined ? '' : `\n${where}`}`);
      },
    });
    all.push(...outcomes.map((outcome) => ({ ...outcome, hash: '' })));
    const broken = outcomes.filter(({ failure }) => failure !== undefined);
    await printSmallest(broken, { shape, json: false, signal, stuckAfterMs });
    if (!signal.aborted) console.error(`${all.length} seeds up to ${first + seeds - 1}, ${failed} failed`);
    first = (first + seeds) % (LAST_SEED + 1);
  }
  console.log(inWords(summarise(all, failed, (performance.now() - began) / 1000)));
}
