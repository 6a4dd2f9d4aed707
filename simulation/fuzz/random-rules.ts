import { contradictionsOf, nodeId, ruleSchema } from '#machines';
import type { Scenario, ScenarioInput } from '../scenario/mod.ts';
import type { SeededRandom } from '../seeded-random.ts';

type Rules = Exclude<ScenarioInput['rules'], undefined>;
type Rule = Rules[number];
type Node = Pick<Scenario['nodes'][number], 'name'> & { readonly zone?: 'primary' | 'secondary' | undefined };

export interface RuleInput {
  readonly random: SeededRandom;
  readonly nodes: readonly Node[];
  /** Also VMs that are added later. */
  readonly vms: readonly string[];
}

/** At most `count` rules of any kinds; one that contradicts those before it is left out, as it would be refused. */
export function randomRules({ random, nodes, vms }: RuleInput, count: number): Rules {
  const rules: Rule[] = [];
  if (vms.length === 0) return rules;
  const known = nodes.map(({ name, zone }) => ({ node: nodeId(name), ...(zone === undefined ? {} : { zone }) }));
  for (let left = count; left > 0; left -= 1) {
    const all = [...rules, randomRule({ random, nodes, vms })];
    const wrong = contradictionsOf(
      all.map((rule) => ruleSchema.parse(rule)),
      known,
    );
    if (wrong.length === 0) rules.splice(0, rules.length, ...all);
  }
  return rules;
}

function randomRule({ random, nodes, vms }: RuleInput): Rule {
  const names = nodes.map(({ name }) => name);
  const some = vms.filter(() => random.chance(0.5)).slice(0, Math.max(1, nodes.length - 1));
  const chosen = some.length > 0 ? some : vms.slice(0, 1);
  const most = names.slice(0, Math.max(2, nodes.length - 1));
  const tiered = () => names.filter(() => random.chance(0.6)).map((name) => ({ name, tier: random.int(1, 3) }));
  const kinds: (() => Rule)[] = [
    () => ({ kind: 'node', mode: 'required', vms: chosen, nodes: most }),
    () => ({ kind: 'node', mode: 'required', vms: chosen, nodes: [{ name: random.pick(most), tier: 2 }, ...most] }),
    () => ({ kind: 'node', mode: 'preferred', vms: chosen, nodes: [random.pick(names)] }),
    () => ({
      kind: 'node',
      mode: 'preferred',
      vms: chosen,
      nodes: [{ name: random.pick(names), tier: 3 }, ...tiered()],
    }),
    () => ({ kind: 'node', mode: 'forbidden', vms: chosen, nodes: [random.pick(names)] }),
  ];
  if (chosen.length > 1) {
    kinds.push(
      () => ({ kind: 'vm', mode: 'apart', strength: 'must', vms: chosen }),
      () => ({ kind: 'vm', mode: 'apart', strength: 'prefer', vms: chosen }),
      () => ({ kind: 'vm', mode: 'together', strength: 'must', vms: chosen.slice(0, random.int(2, 3)) }),
      () => ({ kind: 'vm', mode: 'together', strength: random.pick(['must', 'prefer']), vms: chosen }),
    );
  }
  if (nodes.some(({ zone }) => zone !== undefined)) {
    const zone = random.pick(['primary', 'primary', 'secondary'] as const);
    kinds.push(() => ({ kind: 'zone', mode: random.pick(['prefer', 'must']), zone, vms: chosen }));
  }
  return random.pick(kinds)();
}
