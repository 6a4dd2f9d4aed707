import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild } from '../simulation/mod.ts';

/** The agent starts anew while messaging is out of reach, then storage blips, and the first resume fails. */
const schedule = checkSchedule(
  {
    scenario: {
      name: 'B2 without messaging',
      nodes: [{ name: 'm1' }, { name: 'm2' }, { name: 'm3' }, { name: 'n1' }, { name: 'n2' }],
      vms: [{ id: 'vm-1', node: 'n1' }],
      events: [
        { at: 50, do: 'management-link-down', node: 'n1' },
        { at: 60, do: 'agent-restart', node: 'n1' },
        { at: 100, do: 'storage-link-down', node: 'n1' },
        { at: 150, do: 'storage-link-up', node: 'n1' },
      ],
      until: 600,
    },
    faults: [{ at: 149, do: 'hypervisor-fails', node: 'n1', call: 'resume', seconds: 10 }],
  },
  'B2 without messaging',
);

test('B2: a host that never reached messaging since its agent started goes on trying to resume what is its own', async () => {
  const { timeline, violations } = await playSchedule(schedule, productionBuild);
  expect(violations).toEqual([]);
  const resumed = timeline.find(({ at, node, what }) => node === 'n1' && what === 'copy-running' && at > 150);
  expect(resumed?.at).toBeLessThan(200);
});
