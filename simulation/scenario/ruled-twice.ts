import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** A VM that one rule names twice: nobody is together with or apart from itself. */
export function vmsRuledTwice(scenario: Scenario): ScenarioProblem[] {
  const added = scenario.events.flatMap((event) => (event.do === 'add' ? [event.vm] : []));
  const all = [...new Set([...scenario.vms.map(({ id }) => id), ...added])];
  return scenario.rules.flatMap((rule, i) => twice(rule.vms, all, `rules[${i}].vms`));
}

/** A node that one rule names twice: of its two tiers only one could count. */
export function nodesRuledTwice(scenario: Scenario): ScenarioProblem[] {
  const all = scenario.nodes.map(({ name }) => name);
  return scenario.rules.flatMap((rule, i) => {
    if (rule.kind !== 'node') return [];
    const named = rule.nodes.map(({ name }) => name);
    return twice(named, all, `rules[${i}].nodes`);
  });
}

function twice(names: readonly string[], all: readonly string[], path: string): ScenarioProblem[] {
  const seen = new Set<string>();
  return names.flatMap((name, i) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const left = all.filter((other) => !names.includes(other)).join(', ') || 'none';
    return [{ path: `${path}[${i}]`, message: `${name} is there twice; allowed: ${left}` }];
  });
}
