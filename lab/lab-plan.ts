import { checkScenario, type Scenario } from '../simulation/mod.ts';

/** What a lab is made of when it starts: nodes, VMs, rules and settings, as in a scenario file. */
export type LabPlan = Pick<Scenario, 'nodes' | 'vms' | 'rules' | 'settings'>;

/** Three nodes and four tiny VMs, with a fence that confirms. */
export function defaultPlan(): LabPlan {
  const vm = (id: string, node: string) => ({ id, node, memoryMiB: 96 });
  const node = (name: string) => ({ name, cpus: 8, memoryMiB: 1024 });
  return checkScenario(
    {
      name: 'lab',
      settings: { sensitivity: 'instant', fence: 'confirming', fenceSeconds: 0 },
      nodes: [node('n1'), node('n2'), node('n3')],
      vms: [vm('web-1', 'n1'), vm('web-2', 'n1'), vm('db-1', 'n2'), vm('db-2', 'n3')],
      until: 1,
    },
    'the lab',
  );
}
