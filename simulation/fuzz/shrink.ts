import { ScenarioInvalid } from '../scenario/mod.ts';
import { checkSchedule, type Schedule } from './schedule.ts';
import { inScenario, plainer, vmsOf, withoutNode, withoutVms } from './smaller.ts';

/**
 * The smallest schedule found that still fails: faults, events, VMs, nodes and rules are taken out, in halves and then one
 * by one, and settings put back to their defaults, again and again, as long as `fails` says the rest shows the same failure.
 * Deterministic; at most `budget` runs. What is found is a file that `sim replay` takes, if the schedule was one.
 */
export async function shrink(
  schedule: Schedule,
  fails: (candidate: Schedule) => Promise<boolean>,
  budget = 150,
): Promise<Schedule> {
  const search = new Search(schedule, fails, budget);
  // What could not go before may go once other things are gone.
  for (let before: Schedule | undefined; before !== search.best && !search.isOver; ) {
    before = search.best;
    await searchOnce(search);
  }
  return search.best;
}

async function searchOnce(search: Search): Promise<void> {
  await search.thin(
    ({ faults }) => faults,
    (from, faults) => ({ ...from, faults }),
  );
  // The healing stays: without it whatever does not run would look like the same failure.
  const isBefore = ({ at }: { readonly at: number }) => at < (search.best.healedAt ?? Number.POSITIVE_INFINITY);
  await search.thin(
    ({ scenario }) => scenario.events.filter(isBefore),
    (from, events) =>
      inScenario(from, { events: [...events, ...from.scenario.events.filter((event) => !isBefore(event))] }),
  );
  await search.thin(vmsOf, (from, kept) => withoutVms(from, new Set(vmsOf(from).filter((vm) => !kept.includes(vm)))));
  for (const { name } of search.best.scenario.nodes) await search.attempt((from) => withoutNode(from, name));
  await search.thin(
    ({ scenario }) => scenario.rules,
    (from, rules) => inScenario(from, { rules: [...rules] }),
  );
  for (const change of plainer(search.best)) await search.attempt(change);
}

class Search {
  best: Schedule;
  readonly #fails: (candidate: Schedule) => Promise<boolean>;
  #left: number;

  constructor(schedule: Schedule, fails: (candidate: Schedule) => Promise<boolean>, budget: number) {
    this.best = schedule;
    this.#fails = fails;
    this.#left = budget;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Takes the change if the failure stays the same. One that changes nothing, or makes no file, costs no run. */
  async attempt(change: (from: Schedule) => Schedule): Promise<boolean> {
    const candidate = change(this.best);
    if (this.isOver || !isWhole(candidate) || JSON.stringify(candidate) === JSON.stringify(this.best)) return false;
    this.#left -= 1;
    if (!(await this.#fails(candidate))) return false;
    this.best = candidate;
    return true;
  }

  /** Takes items out of a list, the half of them first. */
  async thin<Item>(
    listOf: (from: Schedule) => readonly Item[],
    withOnly: (from: Schedule, kept: readonly Item[]) => Schedule,
  ): Promise<void> {
    for (let size = Math.ceil(listOf(this.best).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < listOf(this.best).length; ) {
        const cut = await this.attempt((from) => withOnly(from, listOf(from).toSpliced(start, size)));
        if (!cut) start += size;
      }
    }
  }
}

/** A part may be gone that another one speaks of. */
function isWhole(schedule: Schedule): boolean {
  try {
    checkSchedule(schedule, 'candidate');
    return true;
  } catch (error) {
    if (error instanceof ScenarioInvalid) return false;
    throw error;
  }
}
