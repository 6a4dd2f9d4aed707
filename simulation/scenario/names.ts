import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** Names used but not defined, defined twice, each with its place in the file and the names there are. */
export function unknownNames(scenario: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const nodes = new Set<string>();
  const vms = new Set<string>();
  const define = (known: Set<string>, what: string, id: string, path: string) => {
    if (known.has(id)) problems.push({ path, message: `${what} ${id} is there twice; allowed: a name of its own` });
    known.add(id);
  };
  scenario.nodes.forEach((node, i) => {
    define(nodes, 'node', node.name, `nodes[${i}].name`);
  });
  scenario.vms.forEach((vm, i) => {
    define(vms, 'VM', vm.id, `vms[${i}].id`);
  });
  scenario.events.forEach((event, i) => {
    if (event.do !== 'add') return;
    // A name is free again once its VM was removed.
    const about = scenario.events.filter((other) => 'vm' in other && other.vm === event.vm && other.at < event.at);
    const last = about
      .filter((other) => other.do === 'add' || other.do === 'remove')
      .sort((a, b) => a.at - b.at)
      .at(-1);
    if (last?.do === 'remove') vms.add(event.vm);
    else define(vms, 'VM', event.vm, `events[${i}].vm`);
  });
  const node = (id: string, path: string) => {
    if (!nodes.has(id)) problems.push({ path, message: `unknown node ${id}; there are: ${[...nodes].join(', ')}` });
  };
  const vm = (id: string, path: string) => {
    if (!vms.has(id)) problems.push({ path, message: `unknown VM ${id}; there are: ${[...vms].join(', ')}` });
  };

  scenario.vms.forEach((entry, i) => {
    node(entry.node, `vms[${i}].node`);
  });
  scenario.rules.forEach((rule, i) => {
    rule.vms.forEach((id, j) => {
      vm(id, `rules[${i}].vms[${j}]`);
    });
    if (rule.kind === 'node') {
      rule.nodes.forEach((entry, j) => {
        node(entry.name, `rules[${i}].nodes[${j}]`);
      });
    }
  });
  scenario.events.forEach((event, i) => {
    if ('node' in event && event.node !== undefined) node(event.node, `events[${i}].node`);
    if ('vm' in event) vm(event.vm, `events[${i}].vm`);
    if ('to' in event) node(event.to, `events[${i}].to`);
    if ('groups' in event) {
      event.groups.forEach((group, j) => {
        group.forEach((id, k) => {
          node(id, `events[${i}].groups[${j}][${k}]`);
        });
      });
    }
  });
  scenario.members?.forEach((id, i) => {
    node(id, `members[${i}]`);
  });
  for (const [id, wanted] of Object.entries(scenario.expect)) {
    vm(id, `expect.${id}`);
    wanted.on?.forEach((entry, i) => {
      node(entry, `expect.${id}.on[${i}]`);
    });
  }
  return problems;
}
