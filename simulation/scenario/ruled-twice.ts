import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** A VM or a node that one rule names twice: of its two tiers only one could count, and nobody is apart from itself. */
export function ruledTwice({ rules }: Scenario): ScenarioProblem[] {
  return rules.flatMap((rule, i) => [
    ...twice(rule.vms, `rules[${i}].vms`),
    ...(rule.kind === 'node'
      ? twice(
          rule.nodes.map(({ name }) => name),
          `rules[${i}].nodes`,
        )
      : []),
  ]);
}

function twice(names: readonly string[], path: string): ScenarioProblem[] {
  return names.flatMap((name, i) =>
    names.indexOf(name) === i ? [] : [{ path: `${path}[${i}]`, message: `${name} is there twice; allowed: once` }],
  );
}
