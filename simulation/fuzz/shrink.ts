import type { Scenario } from '../scenario/mod.ts';

/**
 * The smallest schedule found that still fails: events and VMs are taken out, in halves and then one by one, as long as
 * `fails` says the rest shows the same failure. Deterministic; at most `budget` runs.
 */
export async function shrink(
  scenario: Scenario,
  fails: (candidate: Scenario) => Promise<boolean>,
  budget = 200,
): Promise<Scenario> {
  let best = scenario;
  let left = budget;
  const attempt = async (candidate: Scenario): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.events.length; ) {
      const events = best.events.toSpliced(start, size);
      if (!(await attempt({ ...best, events }))) start += size;
    }
  }
  for (const { id } of scenario.vms) await attempt(withoutVm(best, id));
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
