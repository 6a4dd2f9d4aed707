import { expect, test, vi } from 'vitest';
import type { WorldFault } from '../simulation/faults/world-fault.ts';
import { checkScenario, play, productionBuild } from '../simulation/mod.ts';

// Simulated, so how long a busy machine takes says nothing.
vi.setConfig({ testTimeout: 60_000 });

const OTHERS = ['n1', 'n2', 'n3', 'n4'] as const;

/** The agent of n5 dies at 100 s: a fence takes its power and, once it confirmed, gives it back. */
const scenario = checkScenario(
  {
    name: 'a node is fenced',
    settings: { sensitivity: 'high', fence: 'confirming' },
    nodes: [...OTHERS, 'n5'].map((name) => ({ name })),
    vms: ['vm-1', 'vm-2'].map((id) => ({ id, node: 'n5' })),
    events: [{ at: 100, do: 'agent-kill', node: 'n5' }],
    until: 400,
    expect: { 'vm-1': { state: 'running' }, 'vm-2': { state: 'running' } },
  },
  'a node is fenced',
);

/** What was wrong at the end of it. */
async function wrongAfter(faults: readonly WorldFault[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  const { violations, unmet, timeline } = await play(scenario, {
    build: productionBuild,
    faults,
    atEnd: async (world) => {
      if (!world.host('n5').powered) wrong.push('n5 has no power');
    },
  });
  if (!timeline.some(({ why }) => why === 'fenced')) wrong.push('n5 was not fenced');
  return [...wrong, ...unmet, ...violations.map(({ why }) => why)];
}

const crashes = (point: (WorldFault & { do: 'agent-crashes' })['point'], nth: number) =>
  OTHERS.map((node) => ({ at: 100, do: 'agent-crashes', node, seconds: 60, point, nth, restartSeconds: 5 }) as const);

test.each(['fence.fence', 'fence.power-on'] as const)(
  'whoever gives the order %s dies right after: all runs again, and the fenced node has its power back',
  async (point) => {
    expect(await wrongAfter(crashes(point, 1))).toEqual([]);
  },
);

test.each(['bus.publish', 'bus.request', 'bus.answer'] as const)(
  'while a node is fenced the agents of all others die once at %s: all runs again',
  async (point) => {
    for (const nth of [1, 2, 4, 8]) expect(await wrongAfter(crashes(point, nth)), `nth ${nth}`).toEqual([]);
  },
);
