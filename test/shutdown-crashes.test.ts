import { expect, test, vi } from 'vitest';
import { CRASH_POINTS, checkScenario, play, productionBuild } from '../simulation/mod.ts';

// Simulated, so how long a busy machine takes says nothing.
vi.setConfig({ testTimeout: 60_000 });

/** A host goes down in order at 100 s; its guests need a few seconds for that. Its agent dies meanwhile and starts again. */
const scenarioOf = (name: string, events: readonly object[]) =>
  checkScenario(
    {
      name,
      nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }],
      vms: [
        { id: 'vm-1', node: 'n1' },
        { id: 'vm-2', node: 'n1' },
        { id: 'vm-3', node: 'n1' },
      ],
      events: [{ at: 100, do: 'shutdown', node: 'n1' }, ...events],
      until: 300,
      expect: Object.fromEntries(['vm-1', 'vm-2', 'vm-3'].map((vm) => [vm, { state: 'running', on: ['n2', 'n3'] }])),
    },
    name,
  );

test.each([0.05, 0.3, 1, 2, 2.5, 3, 4, 6])(
  'its agent is killed %d s later: no guest counts as stopped by wish',
  async (late) => {
    const events = [
      { at: 100 + late, do: 'agent-kill', node: 'n1' },
      { at: 100.5 + late, do: 'agent-restart', node: 'n1' },
    ];
    for (const seed of [1, 2, 3]) {
      const { violations, unmet } = await play(scenarioOf('killed', events), { build: productionBuild, seed });
      expect([...violations, ...unmet]).toEqual([]);
    }
  },
);

test.each(CRASH_POINTS)('its agent dies when it passes %s', async (point) => {
  for (const nth of [1, 2, 4]) {
    const crash = { at: 100, do: 'agent-crashes', node: 'n1', seconds: 8, point, nth, restartSeconds: 0.5 } as const;
    const { violations, unmet } = await play(scenarioOf(point, []), { build: productionBuild, faults: [crash] });
    expect([...violations, ...unmet]).toEqual([]);
  }
});
