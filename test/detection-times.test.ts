import { expect, test } from 'vitest';
import { timingsFor } from '#machines';
import { checkScenario, play, productionBuild, type ScenarioResult } from '../simulation/mod.ts';

const SENSITIVITIES = ['standard', 'medium-high', 'high'] as const;
type Sensitivity = (typeof SENSITIVITIES)[number];

async function lose(events: readonly object[], settings: object): Promise<ScenarioResult> {
  const scenario = checkScenario(
    {
      name: 'detection',
      settings,
      nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: 'n4' }],
      vms: [{ id: 'vm-1', node: 'n4' }],
      events,
      until: 300,
      expect: { 'vm-1': { state: 'running', on: ['n1', 'n2', 'n3'] } },
    },
    'detection',
  );
  const result = await play(scenario, { build: productionBuild });
  expect([...result.violations, ...result.unmet]).toEqual([]);
  return result;
}

const boundOf = (sensitivity: Sensitivity) => timingsFor({ sensitivity, confirmingFence: true });
const power = (at: number) => [{ at, do: 'power-off', node: 'n4' }];
const isolation = (at: number) =>
  ['management-link-down', 'storage-link-down'].map((what) => ({ at, do: what, node: 'n4' }));

const failures = [
  ['power is cut', power],
  ['both cables are pulled', isolation],
] as const;
const cases = SENSITIVITIES.flatMap((sensitivity) =>
  failures.flatMap(([what, events]) => [100, 100.77, 101.4].map((at) => [sensitivity, what, at, events] as const)),
);

test.each(cases)(
  'B7, %s: when %s (at %d s) recovery is triggered within the bound',
  async (sensitivity, _, at, events) => {
    const { recoveries } = await lose(events(at), { sensitivity });
    expect(recoveries).toHaveLength(1);
    const [{ triggeredAt = 0, failedAt = 0 } = {}] = recoveries;
    expect((triggeredAt - failedAt) * 1000).toBeLessThanOrEqual(boundOf(sensitivity).triggerMs.hostFailure);
    // Nor before its guardian must have acted: nobody vouches for it sooner.
    expect((triggeredAt - failedAt) * 1000).toBeGreaterThan(boundOf(sensitivity).guardianDeadlineMs);
  },
);

test.each(SENSITIVITIES)('B9, %s: its own word ends the waiting long before the bound', async (sensitivity) => {
  const { recoveries } = await lose([{ at: 100, do: 'storage-link-down', node: 'n4' }], { sensitivity });
  const { guardianDeadlineMs, intervalMs, takeoverBoundMs } = boundOf(sensitivity);
  const [{ seconds = 0 } = {}] = recoveries;
  expect(seconds * 1000).toBeLessThan(guardianDeadlineMs + 5000 + intervalMs * 4);
  expect(seconds * 1000).toBeLessThan(takeoverBoundMs);
});

test.each(SENSITIVITIES)(
  'B9, %s: a fence that confirms ends it as soon as the node looks dead',
  async (sensitivity) => {
    const { recoveries } = await lose(power(100), { sensitivity, fence: 'confirming' });
    const { staleMs, intervalMs, takeoverBoundMs } = boundOf(sensitivity);
    const [{ seconds = 0 } = {}] = recoveries;
    expect(seconds * 1000).toBeLessThan(staleMs + 5000 + intervalMs * 4);
    expect(seconds * 1000).toBeLessThan(takeoverBoundMs);
  },
);

test.each(SENSITIVITIES)(
  'B9, %s: a fence that never confirms changes nothing: the bound decides',
  async (sensitivity) => {
    const { recoveries } = await lose(power(100), { sensitivity, fence: 'broken' });
    const [{ triggeredAt = 0, failedAt = 0 } = {}] = recoveries;
    expect((triggeredAt - failedAt) * 1000).toBeLessThanOrEqual(boundOf(sensitivity).triggerMs.hostFailure);
  },
);

test('T5, B9: an orderly shutdown is recovered at once', async () => {
  const { timeline } = await lose([{ at: 100, do: 'shutdown', node: 'n4' }], {});
  const startedAt = timeline.find(({ what, node }) => what === 'copy-running' && node !== 'n4')?.at ?? 999;
  expect(startedAt).toBeLessThan(110);
});
