import { expect, test, vi } from 'vitest';
import { checkScenario, play, productionBuild } from '../simulation/mod.ts';

// Simulated, so how long a busy machine takes says nothing.
vi.setConfig({ testTimeout: 60_000 });

/** A live migration of 1 to 4 s, begun at 100 s, with something that dies at each moment of it. */
const scenarioOf = (name: string, events: readonly object[]) =>
  checkScenario(
    {
      name,
      settings: { sensitivity: 'high' },
      nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: 'n4' }, { name: 'n5' }],
      vms: [{ id: 'vm-1', node: 'n4' }],
      events: [{ at: 100, do: 'migrate', vm: 'vm-1', to: 'n5' }, ...events],
      until: 170,
      expect: { 'vm-1': { state: 'running' } },
    },
    name,
  );

const MOMENTS = [100.05, 101, 103, 103.5, 104] as const;
const ENDS = ['n4', 'n5'] as const;
const moments = MOMENTS.flatMap((at) => ENDS.map((node) => [at, node] as const));

test.each(moments)('at %d s the agent of %s is killed, and starts again', async (at, node) => {
  const events = [
    { at, do: 'agent-kill', node },
    { at: at + 1, do: 'agent-restart', node },
  ];
  const { violations, unmet } = await play(scenarioOf('killed', events), { build: productionBuild });
  expect([...violations, ...unmet]).toEqual([]);
});

test.each(moments)('at %d s %s loses power', async (at, node) => {
  const scenario = scenarioOf('power', [{ at, do: 'power-off', node }]);
  const { violations, unmet } = await play(scenario, { build: productionBuild });
  expect([...violations, ...unmet]).toEqual([]);
});

test.each(moments)('at %d s %s loses its storage', async (at, node) => {
  const scenario = scenarioOf('storage', [{ at, do: 'storage-link-down', node }]);
  const { violations, unmet } = await play(scenario, { build: productionBuild });
  expect([...violations, ...unmet]).toEqual([]);
});

const POINTS = [
  ...(['hypervisor.migrate', 'hypervisor.resume', 'hypervisor.list', 'storage', 'database'] as const),
  ...(['bus.publish', 'bus.request', 'bus.answer'] as const),
] as const;
const crashes = POINTS.flatMap((point) => ENDS.map((node) => [point, node] as const));

test.each(crashes)('the agent dies each time that it passes %s on %s', async (point, node) => {
  for (const nth of point.startsWith('hypervisor.r') || point === 'hypervisor.migrate' ? [1] : [1, 2, 3]) {
    const crash = { at: 100, do: 'agent-crashes', node, seconds: 8, point, nth, restartSeconds: 0.5 } as const;
    const { violations, unmet } = await play(scenarioOf(point, []), { build: productionBuild, faults: [crash] });
    expect([...violations, ...unmet]).toEqual([]);
  }
});

test.each(ENDS)('migrations fail on %s, half of them after it was done', async (node) => {
  for (const seed of [1, 2, 3, 4]) {
    const fault = { at: 99, do: 'hypervisor-fails', node, seconds: 10, call: 'migrate' } as const;
    const played = await play(scenarioOf('fails', []), { build: productionBuild, faults: [fault], seed });
    expect([...played.violations, ...played.unmet]).toEqual([]);
  }
});

test('a migration that hangs is no reason to give the word: its source, cut off from storage, is reset first', async () => {
  const fault = { at: 99, do: 'hypervisor-hangs', node: 'n4', seconds: 300, call: 'migrate' } as const;
  const scenario = scenarioOf('hangs', [{ at: 102, do: 'storage-link-down', node: 'n4' }]);
  const { violations, unmet, timeline } = await play(scenario, { build: productionBuild, faults: [fault] });
  expect([...violations, ...unmet]).toEqual([]);
  expect(timeline.map(({ why }) => why)).toContain('reset by its watchdog');
});
