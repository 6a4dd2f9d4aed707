import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { checkScenario, type ScenarioInput } from '../scenario/mod.ts';
import { play } from './play.ts';
import { productionBuild } from './production.ts';
import { Recorder } from './recorder.ts';

type Host = Parameters<Recorder['copyChanged']>[0];

async function recoveriesOf(events: ScenarioInput['events']) {
  const nodes = [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }];
  const vms = [
    { id: 'vm-1', node: 'n1' },
    { id: 'vm-2', node: 'n1' },
  ];
  const scenario = checkScenario({ name: 'recoveries', nodes, vms, events, until: 400 }, 'test');
  return (await play(scenario, { build: productionBuild })).recoveries;
}

test('guests that an orderly shutdown ends are recoveries, also when the agent is started again meanwhile', async () => {
  const recoveries = await recoveriesOf([
    { at: 100, do: 'shutdown', node: 'n1' },
    { at: 102.5, do: 'agent-kill', node: 'n1' },
    { at: 103, do: 'agent-restart', node: 'n1' },
  ]);
  expect(recoveries.map(({ vm, from, failedAt }) => ({ vm, from, failedAt }))).toEqual(
    expect.arrayContaining([
      { vm: 'vm-1', from: 'n1', failedAt: 100 },
      { vm: 'vm-2', from: 'n1', failedAt: 100 },
    ]),
  );
  expect(recoveries).toHaveLength(2);
});

test('and when the power button is pressed in vain before the host is down', async () => {
  const recoveries = await recoveriesOf([
    { at: 100, do: 'shutdown', node: 'n1' },
    { at: 100.5, do: 'power-on', node: 'n1' },
  ]);
  expect(recoveries.map(({ from }) => from)).toEqual(['n1', 'n1']);
});

test('a guest that shuts itself down and is started by a user is none', async () => {
  const recoveries = await recoveriesOf([
    { at: 100, do: 'guest-shutdown', vm: 'vm-1' },
    { at: 200, do: 'start', vm: 'vm-1' },
  ]);
  expect(recoveries).toEqual([]);
});

test('a VM whose QEMU is killed failed just then, whatever its host went through before', async () => {
  const recoveries = await recoveriesOf([
    { at: 100, do: 'pause', node: 'n1', seconds: 2 },
    { at: 200, do: 'kill', vm: 'vm-1' },
  ]);
  expect(recoveries).toMatchObject([{ vm: 'vm-1', from: 'n1', to: 'n1', failedAt: 200 }]);
});

test('a migration is no recovery, also while an old suspended copy is left on a third host', () => {
  const recorder = new Recorder(() => 100_000);
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((name) => ({ name: nodeId(name) })) as [Host, Host, Host]; // three of them
  const copy = { vm: vmId('vm-1'), epoch: 1 };
  recorder.copyChanged(n1, { ...copy, state: 'running' });
  recorder.copyChanged(n1, { ...copy, state: 'suspended' });
  recorder.copyChanged(n2, { ...copy, state: 'running' });
  recorder.copyChanged(n2, { ...copy, state: 'off', reason: 'migrated' });
  recorder.copyChanged(n3, { ...copy, state: 'suspended' });
  recorder.copyChanged(n3, { ...copy, state: 'running' });
  expect(recorder.recoveries.map(({ from, to }) => `${from} to ${to}`)).toEqual(['n1 to n2']);
});

test('decisions are what HA does and refuses to do, not all that happens; the seed is the number of the file', async () => {
  const scenario = checkScenario(
    {
      ...{ name: 'decisions', settings: { seed: 7 }, nodes: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }] },
      ...{ vms: [{ id: 'vm-1', node: 'n1' }], events: [{ at: 100, do: 'kill', vm: 'vm-1' }], until: 150 },
    },
    'test',
  );
  const { seed, decisions, timeline } = await play(scenario, { build: productionBuild });
  expect(seed).toBe(7);
  // Triggered, leased, started; that it was killed, was off and runs is the world's.
  expect(timeline.filter(({ what }) => ['trigger', 'plan', 'start'].includes(what))).toHaveLength(3);
  expect(decisions).toBe(3);
});
