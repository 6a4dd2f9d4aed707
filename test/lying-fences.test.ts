import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild, type ScenarioResult } from '../simulation/mod.ts';

/** docs/decisions/0019: what a fence that lies can do, and what it cannot. */
interface Lie {
  readonly actsAfterSeconds?: number;
  readonly plugOf?: string;
}

interface Given {
  readonly settings?: object;
  readonly faults?: readonly object[];
  readonly events?: readonly object[];
  /** Undefined: it tells the truth. */
  readonly lie?: Lie;
}

/** Four nodes and two VMs on n4, the fence of which lies from the beginning. */
function play({ settings = {}, faults = [], events = [], lie }: Given): Promise<ScenarioResult> {
  const lies = lie === undefined ? [] : [{ at: 1, do: 'fence-lies', node: 'n4', seconds: 590, ...lie }];
  const scenario = {
    name: 'a fence that lies',
    settings: { fence: 'confirming', ...settings },
    nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: 'n4' }],
    vms: [
      { id: 'vm-1', node: 'n4' },
      { id: 'vm-2', node: 'n4' },
    ],
    ...{
      events,
      until: 'sensitivity' in settings ? 250 : 600,
      expect: { 'vm-1': { state: 'running' }, 'vm-2': { state: 'running' } },
    },
  };
  return playSchedule(checkSchedule({ scenario, faults: [...faults, ...lies] }, 'a fence that lies'), productionBuild);
}

const instant = { sensitivity: 'instant' };
/** Its start hangs in n4's hypervisor, so n4 is fenced though it is well. */
const hungStart = {
  faults: [{ at: 90, do: 'hypervisor-hangs', node: 'n4', call: 'start', seconds: 250 }],
  events: [{ at: 100, do: 'kill', vm: 'vm-1' }],
};
const stall = (seconds: number) => ({
  ...{ settings: instant, faults: [{ at: 100, do: 'agent-stalls', node: 'n4', seconds }] },
});
const powerOff = { at: 100, do: 'power-off', node: 'n4' };
const isolated = [
  { at: 100, do: 'management-link-down', node: 'n4' },
  { at: 100, do: 'storage-link-down', node: 'n4' },
];

const never: Lie = {};
const late: Lie = { actsAfterSeconds: 20 };
const anothersPlug: Lie = { plugOf: 'n2' };

const ALARM = 'confirmed that n4 is off, and n4 went on writing: check its plug';
const alarms = ({ timeline }: ScenarioResult) =>
  timeline.filter(({ what, why }) => what === 'alert' && why.includes(ALARM)).length;
const copiesWroteTwice = ({ violations }: ScenarioResult) =>
  violations.some(({ invariant }) => invariant === 'G2: at most one copy can write');
const secondsOf = ({ recoveries }: ScenarioResult) => recoveries.map(({ seconds }) => seconds);

const forms: readonly (readonly [string, Lie])[] = [
  ['never acts', never],
  ['acts 20 s after its word', late],
  ["takes another host's power", anothersPlug],
];

test.each(forms)(
  'a start hangs on a host that is well, and its fence %s: not believed, nothing runs twice',
  async (_, lie) => {
    const result = await play({ ...hungStart, lie });
    expect([...result.violations, ...result.unmet]).toEqual([]);
    expect(alarms(result)).toBe(1);
  },
);

test.each(forms)(
  'instant: the agent stalls for less than its fence takes, and the fence %s: not believed, nothing runs twice',
  async (_, lie) => {
    const result = await play({ ...stall(0.9), lie });
    expect([...result.violations, ...result.unmet]).toEqual([]);
    expect(alarms(result)).toBe(1);
  },
);

test('a plug that takes the host which asked: nobody is left to find it out at once, and nothing runs twice', async () => {
  const result = await play({ ...stall(0.9), lie: { plugOf: 'n3' } });
  expect([...result.violations, ...result.unmet, alarms(result)]).toEqual([0]);
});

test('one that acts while it is still looked whether the host stopped did what it said', async () => {
  const result = await play({ ...hungStart, lie: { actsAfterSeconds: 3 } });
  expect([...result.violations, ...result.unmet, alarms(result)]).toEqual([0]);
});

test('a device that was found out is not asked about that host again: the bound decides', async () => {
  const events = [...hungStart.events, { at: 400, do: 'power-off', node: 'n4' }];
  const result = await play({ faults: hungStart.faults, events, lie: anothersPlug });
  expect([...result.violations, ...result.unmet]).toEqual([]);
  const after = result.timeline.filter(({ at }) => at > 400);
  expect(after.some(({ what, why }) => what === 'fence' && why.includes('simulated'))).toBe(false);
  expect(after.find(({ what, node }) => what === 'refuse' && node !== undefined)?.why).toContain('not tested since');
  expect(after.find(({ what, vm }) => what === 'trigger' && vm === 'vm-2')?.why).toContain('n4 is down by bound');
});

test.each([instant, { sensitivity: 'standard' }])(
  'a host that is off in truth is recovered as soon, whoever confirms it (B9): %o',
  async (settings) => {
    const [lied, honest] = await Promise.all(
      [never, undefined].map((lie) => play({ settings, events: [powerOff], ...(lie === undefined ? {} : { lie }) })),
    );
    if (lied === undefined || honest === undefined) throw new Error('two were played');
    expect(secondsOf(lied)).toEqual(secondsOf(honest));
    expect(honest.violations).toEqual([]);
  },
);

test('standard: a host cut off from everything suspends its VMs before any fence is asked, so a lie about it takes nothing', async () => {
  const result = await play({ events: isolated, lie: never });
  expect(result.violations).toEqual([]);
});

// What nobody can see through. Here G2 hangs on the device, and the invariant sees it break.
test.each<[string, Given]>([
  ['instant: a host cut off from everything, whose VMs run for seconds yet', { settings: instant, events: isolated }],
  ['instant: an agent that stalls for longer than its fence takes', stall(5)],
  [
    'standard: a host cut off from everything, a VM of which does not suspend',
    { events: [{ at: 90, do: 'suspend-fails', vm: 'vm-1' }, ...isolated] },
  ],
])(
  'undefended: %s',
  async (_, given) => {
    for (const lie of [never, late, anothersPlug]) expect(copiesWroteTwice(await play({ ...given, lie }))).toBe(true);
    expect((await play(given)).violations).toEqual([]);
  },
  30_000,
);

test('a lie that was believed is found out as soon as the host writes again: it is up, and the device is believed no more', async () => {
  const result = await play({ ...stall(5), lie: never });
  const found = result.timeline.find(({ what, why }) => what === 'alert' && why.includes('is void'));
  expect(found?.at).toBeLessThan(106);
  expect([alarms(result), result.unmet]).toEqual([1, []]);
});
