import { type FuzzShape, type Schedule, type SeedOutcome, shrinkSeed } from '../simulation/mod.ts';

/** Runs that looking for the smallest schedule may take: for one seed, for all together, and for one of many. */
const FOR_ONE = 150;
const FOR_ALL = 1500;
const AT_LEAST = 30;

/** How many runs each of so many failing seeds may take; 0 for those that are too many. */
export function budgetsFor(failed: number): readonly number[] {
  const each = Math.max(AT_LEAST, Math.min(FOR_ONE, Math.floor(FOR_ALL / Math.max(1, failed))));
  return Array.from({ length: failed }, (_, i) => ((i + 1) * each <= FOR_ALL ? each : 0));
}

export interface PrintOptions {
  readonly shape: FuzzShape;
  readonly json: boolean;
  /** Ends the search at once. */
  readonly signal?: AbortSignal;
  /** A run in which no event ends for so long stands still. */
  readonly stuckAfterMs: number;
}

/** Prints the smallest schedule of each seed that shows the same failure, as far as the budget goes; says where it ended. */
export async function printSmallest(
  failed: readonly SeedOutcome[],
  { shape, json, signal, stuckAfterMs }: PrintOptions,
): Promise<void> {
  const budgets = budgetsFor(failed.length);
  const left: number[] = [];
  for (const [i, { seed }] of failed.entries()) {
    const budget = budgets[i] ?? 0;
    const small = budget === 0 ? undefined : await shrinkSeed(seed, shape, budget, { signal, stuckAfterMs });
    if (small === undefined) left.push(seed);
    else console.log(json ? JSON.stringify({ seed, smallest: small }) : inWords(seed, small));
  }
  if (left.length === 0) return;
  const why = signal?.aborted === true ? 'stopped' : 'too many failures, or none that can be repeated';
  console.error(`${why}: no smallest schedule of the seeds ${left.join(', ')}`);
}

function inWords(seed: number, { scenario, faults, healedAt }: Schedule): string {
  const events = scenario.events.filter(({ at }) => healedAt === undefined || at < healedAt);
  const all = [...events, ...faults].toSorted((a, b) => a.at - b.at);
  return [
    `smallest schedule of seed ${seed} (${scenario.nodes.length} nodes, ${scenario.vms.length} VMs, ${all.length} of its events):`,
    ...all.map((event) => `  ${JSON.stringify(event)}`),
    'as a file for "sim replay":',
    JSON.stringify({ scenario, faults, healedAt }),
  ].join('\n');
}
