import type { WorldFault } from '../faults/world-fault.ts';
import type { Scenario, ScenarioEvent, ScenarioRule } from '../scenario/mod.ts';
import { settingsSchema } from '../scenario/schema.ts';
import type { Schedule } from './schedule.ts';

/** Every VM that is ever there. */
export function vmsOf({ scenario }: Schedule): readonly string[] {
  const added = scenario.events.flatMap((event) => (event.do === 'add' ? [event.vm] : []));
  return [...new Set([...scenario.vms.map(({ id }) => id), ...added])];
}

/** The same without some VMs, all that happens to them and all that is expected of them. */
export function withoutVms(schedule: Schedule, gone: ReadonlySet<string>): Schedule {
  const { scenario } = schedule;
  const rules = scenario.rules.flatMap((rule) => {
    const vms = rule.vms.filter((id) => !gone.has(id));
    return vms.length < (rule.kind === 'vm' ? 2 : 1) ? [] : [{ ...rule, vms }];
  });
  return inScenario(schedule, {
    rules,
    vms: scenario.vms.filter(({ id }) => !gone.has(id)),
    events: scenario.events.filter((event) => !('vm' in event && gone.has(event.vm))),
    expect: Object.fromEntries(Object.entries(scenario.expect).filter(([id]) => !gone.has(id))),
  });
}

/** The same without a node, the VMs that begin there and all that happens to it. */
export function withoutNode(schedule: Schedule, gone: string): Schedule {
  const there = schedule.scenario.vms.filter(({ node }) => node === gone).map(({ id }) => id);
  const { scenario, faults, healedAt } = withoutVms(schedule, new Set(there));
  const rules = scenario.rules.flatMap((rule): ScenarioRule[] => {
    if (rule.kind !== 'node') return [rule];
    const nodes = rule.nodes.filter(({ name }) => name !== gone);
    return nodes.length === 0 ? [] : [{ ...rule, nodes }];
  });
  const members = scenario.members?.filter((name) => name !== gone);
  const smaller: Partial<Scenario> = {
    rules,
    nodes: scenario.nodes.filter(({ name }) => name !== gone),
    events: scenario.events.flatMap((event) => eventWithout(event, gone)),
    ...(members === undefined || members.length === 0 ? { members: undefined } : { members }),
  };
  return inScenario({ scenario, faults: faults.filter((fault) => !isAbout(fault, gone)), healedAt }, smaller);
}

/** The same schedule once for each thing that could be as it is by default, with that so: whole groups of settings first. */
export function plainer(schedule: Schedule): readonly ((from: Schedule) => Schedule)[] {
  const { settings } = schedule.scenario;
  const { seed: _random, ...plain } = settingsSchema.parse({});
  const changes: ((from: Schedule) => Schedule)[] = [];
  const settingsTo = (change: (settings: Scenario['settings']) => Scenario['settings']) => {
    changes.push((from) => inScenario(from, { settings: change(from.scenario.settings) }));
  };
  for (const [key, value] of Object.entries(plain)) settingsTo((all) => ({ ...all, [key]: value }));
  for (const group of ['network', 'clock'] as const) {
    for (const [key, value] of Object.entries(plain[group])) {
      settingsTo((all) => ({ ...all, [group]: { ...all[group], [key]: value } }));
    }
  }
  // What they set was refused together: a fence goes only once the sensitivity that needs it has gone.
  if (settings.sensitivity === 'instant')
    settingsTo((all) => ({ ...all, sensitivity: 'standard', fence: plain.fence }));
  return changes;
}

/** With another part of its scenario. */
export function inScenario(schedule: Schedule, change: Partial<Scenario>): Schedule {
  return { ...schedule, scenario: { ...schedule.scenario, ...change } };
}

function eventWithout(event: ScenarioEvent, gone: string): ScenarioEvent[] {
  if (event.do !== 'partition') return isAbout(event, gone) ? [] : [event];
  const groups = event.groups.map((group) => group.filter((name) => name !== gone)).filter((group) => group.length > 0);
  return groups.length < 2 ? [] : [{ ...event, groups }];
}

function isAbout(happening: ScenarioEvent | WorldFault, node: string): boolean {
  return ['node', 'to', 'from', 'plugOf'].some((field) => Reflect.get(happening, field) === node);
}
