import type { Scenario } from '../scenario/mod.ts';
import type { Schedule } from './schedule.ts';

/**
 * The smallest schedule found that still fails: events, faults, rules and VMs are taken out, in halves and then one by
 * one, as long as `fails` says the rest shows the same failure. Deterministic; at most `budget` runs.
 */
export async function shrink(
  schedule: Schedule,
  fails: (candidate: Schedule) => Promise<boolean>,
  budget = 150,
): Promise<Schedule> {
  let best = schedule;
  let left = budget;
  const attempt = async (candidate: Schedule): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  const thin = async <Item>(list: () => readonly Item[], without: (kept: readonly Item[]) => Schedule) => {
    for (let size = Math.ceil(list().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < list().length; ) {
        if (!(await attempt(without(list().toSpliced(start, size))))) start += size;
      }
    }
  };
  const scene = (change: Partial<Scenario>): Schedule => ({ ...best, scenario: { ...best.scenario, ...change } });
  await thin(
    () => best.faults,
    (faults) => ({ ...best, faults: [...faults] }),
  );
  // The healing stays: without it whatever does not run would look like the same failure.
  const healedAt = schedule.healedAt ?? Number.POSITIVE_INFINITY;
  const healing = best.scenario.events.filter(({ at }) => at >= healedAt);
  await thin(
    () => best.scenario.events.filter(({ at }) => at < healedAt),
    (events) => scene({ events: [...events, ...healing] }),
  );
  for (const { id } of schedule.scenario.vms) {
    if (best.scenario.vms.length > 1) await attempt({ ...best, scenario: withoutVm(best.scenario, id) });
  }
  await thin(
    () => best.scenario.rules,
    (rules) => scene({ rules: [...rules] }),
  );
  return best;
}

function withoutVm(scenario: Scenario, id: string): Scenario {
  const { [id]: _gone, ...expect } = scenario.expect;
  return {
    ...scenario,
    expect,
    vms: scenario.vms.filter((vm) => vm.id !== id),
    events: scenario.events.filter((event) => !('vm' in event && event.vm === id)),
    rules: scenario.rules.filter((rule) => !rule.vms.includes(id)),
  };
}
