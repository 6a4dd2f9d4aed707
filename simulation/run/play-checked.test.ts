import { expect, test } from 'vitest';
import { checkScenario } from '../scenario/mod.ts';
import type { Build } from './play.ts';
import { playChecked } from './play-checked.ts';
import { productionBuild } from './production.ts';

const scenario = checkScenario(
  {
    name: 'jumps',
    nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }],
    vms: [{ id: 'vm-1', node: 'n1' }],
    events: [
      { at: 70, do: 'clock-jump', node: 'n2', seconds: 7200 },
      { at: 100, do: 'power-off', node: 'n1' },
    ],
    until: 240,
  },
  'test',
);

/** Differs from the build that ships in its log only: it notices when its wall clock has jumped since it began. */
const tellsTheTime: Build = {
  ...productionBuild,
  createAgent: (options, wallClockMs) => {
    const { clock, node, log } = options;
    const ahead = () => wallClockMs() - clock.nowMs();
    const began = ahead();
    const look = () => {
      const hours = Math.round((ahead() - began) / 3_600_000);
      if (hours === 0) clock.after(20_000, look);
      else log({ atMs: clock.nowMs(), node, what: 'notice', why: `${hours} h` });
    };
    look();
    return productionBuild.createAgent(options, wallClockMs);
  },
};

test('a build that looks at a wall clock breaks G3, by a run without the jumps, and the run is not ok', async () => {
  const { ok, violations } = await playChecked(scenario, { build: tellsTheTime });
  expect(ok).toBe(false);
  expect(violations).toMatchObject([{ invariant: 'G3: no behaviour changes when wall clocks jump' }]);
  expect(violations[0]?.at).toBeCloseTo(80, 0);
  expect(violations[0]?.why).toMatch(/^with jumps: at 80(\.\d+)? s notice n2; without: at /);
});

test('one that begins to differ with the setting wallJumpSeconds is found, too', async () => {
  const clock = { ...scenario.settings.clock, wallJumpSeconds: 86_400 };
  const jumping = { ...scenario, events: [], until: 1200, settings: { ...scenario.settings, clock } };
  const { violations } = await playChecked(jumping, { build: tellsTheTime });
  expect(violations.map(({ invariant }) => invariant)).toEqual(['G3: no behaviour changes when wall clocks jump']);
});

test('the build that ships does the same with and without jumps, and without jumps there is no second run', async () => {
  expect((await playChecked(scenario, { build: productionBuild })).violations).toEqual([]);
  let servers = 0;
  const counting: Build = {
    ...productionBuild,
    servers: (time) => {
      servers += 1;
      return productionBuild.servers(time);
    },
  };
  await playChecked({ ...scenario, events: [], until: 10 }, { build: counting });
  expect(servers).toBe(1);
});
