import { expect, test } from 'vitest';
import { checkScenario } from '../scenario/mod.ts';
import { DEFAULT_SHAPE } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';
import { checkSchedule, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

test('shrinking finds the two events that matter', async () => {
  const events = Array.from({ length: 30 }, (_, at) => ({ at, do: at % 2 === 0 ? 'database-down' : 'database-up' }));
  const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], events, until: 40 }, 's');
  const small = await shrink({ scenario, faults: [], healedAt: undefined }, async ({ scenario: candidate }) => {
    const times = candidate.events.map((event) => event.at);
    return times.includes(7) && times.includes(21);
  });
  expect(small.scenario.events.map((event) => event.at)).toEqual([7, 21]);
});

const cluster = checkScenario(
  {
    name: 's',
    settings: {
      ...{ sensitivity: 'instant', fence: 'confirming', disks: 'hang', seed: 7 },
      ...{ network: { lossPercent: 3, jitterMs: 30 }, clock: { driftPercent: 2 } },
    },
    nodes: ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => ({ name })),
    vms: [1, 2, 3, 4, 5].map((i) => ({ id: `vm-${i}`, node: `n${i}` })),
    rules: [
      { kind: 'vm', mode: 'apart', vms: ['vm-1', 'vm-2', 'vm-3'] },
      { kind: 'node', mode: 'preferred', vms: ['vm-3'], nodes: ['n3', 'n4'] },
    ],
    events: [
      { at: 10, do: 'partition', groups: [['n1', 'n2'], ['n3'], ['n4', 'n5']] },
      { at: 11, do: 'add', vm: 'new-1', node: 'n4' },
      { at: 12, do: 'migrate', vm: 'vm-2', to: 'n4' },
      { at: 30, do: 'heal' },
      { at: 30, do: 'storage-link-up', node: 'n1' },
      { at: 30, do: 'storage-link-up', node: 'n3' },
    ],
    until: 40,
  },
  's',
);
const schedule: Schedule = {
  scenario: cluster,
  faults: [{ at: 5, do: 'one-way-cut', network: 'management', from: 'n3', to: 'n5', seconds: 5 }],
  healedAt: 30,
};
const has = (list: readonly { name?: string; id?: string }[], ...names: string[]) =>
  names.every((name) => list.some((each) => each.name === name || each.id === name));

test('shrinking drops VMs and nodes that take no part, all that speaks of them, and settings that do not matter', async () => {
  const { scenario, faults } = await shrink(
    schedule,
    async ({ scenario: { nodes, vms, events, settings } }) =>
      has(nodes, 'n1', 'n3') &&
      has(vms, 'vm-3') &&
      settings.network.lossPercent > 0 &&
      events.some(({ at }) => at === 10),
  );
  expect(scenario.nodes.map(({ name }) => name)).toEqual(['n1', 'n3']);
  expect(scenario.vms.map(({ id }) => id)).toEqual(['vm-3']);
  expect(scenario.events).toEqual([
    { at: 10, do: 'partition', groups: [['n1'], ['n3']] },
    { at: 30, do: 'heal' },
    { at: 30, do: 'storage-link-up', node: 'n1' },
    { at: 30, do: 'storage-link-up', node: 'n3' },
  ]);
  expect([...scenario.rules, ...faults]).toEqual([]);
  const plain = checkScenario({ name: 's', nodes: [{ name: 'n1' }], until: 1 }, 's').settings;
  expect(scenario.settings).toEqual({ ...plain, seed: 7, network: { ...plain.network, lossPercent: 3 } });
});

test('nothing is tried that is no file: a fence goes only with the sensitivity that needs it', async () => {
  const { scenario } = await shrink(schedule, async (candidate) => {
    checkSchedule(candidate, 'candidate');
    return candidate.scenario.settings.sensitivity === 'instant';
  });
  expect(scenario.settings).toMatchObject({ sensitivity: 'instant', fence: 'confirming', disks: 'fail' });
  expect(scenario.nodes).toHaveLength(1);
});

test('every schedule tried on the way from random ones is one that can be replayed, and no more runs than allowed', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    let runs = 0;
    await shrink(
      randomSchedule(seed, DEFAULT_SHAPE),
      async (candidate) => {
        runs += 1;
        checkSchedule(JSON.parse(JSON.stringify(candidate)), 'candidate');
        return (runs + seed) % 3 !== 0;
      },
      60,
    );
    expect(runs).toBeLessThanOrEqual(60);
  }
});
