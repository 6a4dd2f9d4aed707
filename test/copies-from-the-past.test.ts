import { expect, test } from 'vitest';
import { checkScenario, play, productionBuild } from '../simulation/mod.ts';

/**
 * The VM is suspended on n4, runs on n5, n5 dies, and only n4 is left for it. There the old copy is still in memory, as its
 * hypervisor did not end it when it should have been removed.
 */
const scenario = checkScenario(
  {
    name: 'a copy from the past',
    settings: { sensitivity: 'high' },
    nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: 'n4' }, { name: 'n5' }],
    vms: [{ id: 'vm-1', node: 'n4' }],
    rules: [{ kind: 'node', mode: 'required', vms: ['vm-1'], nodes: ['n4', 'n5'] }],
    events: [
      { at: 100, do: 'storage-link-down', node: 'n4' },
      { at: 140, do: 'power-off', node: 'n5' },
      { at: 200, do: 'storage-link-up', node: 'n4' },
    ],
    until: 400,
    expect: { 'vm-1': { state: 'running', on: ['n4'] } },
  },
  'past',
);

test.each([1, 2, 3, 4])(
  'never resumes: it is removed, then the VM starts anew (seed %s)',
  { timeout: 60_000 },
  async (seed) => {
    const fault = { at: 150, do: 'hypervisor-fails', node: 'n4', seconds: 100, call: 'destroy' } as const;
    const { violations, unmet } = await play(scenario, { build: productionBuild, faults: [fault], seed });
    expect([...violations, ...unmet]).toEqual([]);
  },
);
