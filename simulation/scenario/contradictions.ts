import { contradictionsOf, nodeId, ruleSchema } from '#machines';
import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** F1: a set of rules that can never be kept is refused when it is set. The first one that those before it leave no way is named. */
export function contradictionsIn({ rules, nodes }: Scenario): ScenarioProblem[] {
  const known = nodes.map(({ name, zone }) => ({ node: nodeId(name), ...(zone === undefined ? {} : { zone }) }));
  const all = rules.map((rule) => ruleSchema.parse(rule));
  const found = (count: number) => contradictionsOf(all.slice(0, count), known);
  if (found(all.length).length === 0) return [];
  // More rules leave no more ways: what cannot be kept stays so.
  let [kept, broken] = [0, all.length];
  while (broken - kept > 1) {
    const half = Math.floor((kept + broken) / 2);
    if (found(half).length === 0) kept = half;
    else broken = half;
  }
  const before = kept === 0 ? '' : ` with ${kept === 1 ? 'rules[0]' : `rules[0] to rules[${kept - 1}]`}`;
  return found(broken).map((why) => ({
    path: `rules[${kept}]`,
    message: `cannot be kept${before}: ${why}; allowed: rules that some placement keeps`,
  }));
}
