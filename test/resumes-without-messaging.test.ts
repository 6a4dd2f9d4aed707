import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild } from '../simulation/mod.ts';

/** The agent starts anew while messaging is out of reach, then storage blips, and the first resume fails. */
const schedule = (seed: number) =>
  checkSchedule(
    {
      scenario: {
        settings: { seed },
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

// Half of the resumes that fail take effect all the same: some seeds show it, not all.
test.each([1, 2, 3, 4])(
  'B2: a host that never reached messaging since its agent started tries again to resume its own (seed %i)',
  async (seed) => {
    const { timeline, violations } = await playSchedule(schedule(seed), productionBuild);
    expect(violations).toEqual([]);
    const resumed = timeline.find(({ at, node, what }) => node === 'n1' && what === 'copy-running' && at > 150);
    expect(resumed?.at).toBeLessThan(200);
  },
);
