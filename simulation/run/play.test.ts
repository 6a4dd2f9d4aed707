import { expect, test } from 'vitest';
import type { Address, Transport } from '#actors';
import { nodeId, vmId } from '#machines';
import { MemoryDatabase } from '../../database/mod.ts';
import type { NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import { checkScenario } from '../scenario/mod.ts';
import { type Build, play } from './play.ts';

const scenario = checkScenario(
  {
    name: 'power',
    nodes: [{ name: 'n1' }, { name: 'n2' }],
    vms: [{ id: 'vm-1', node: 'n1' }],
    events: [{ at: 100, do: 'power-off', node: 'n1' }],
    until: 200,
    expect: { 'vm-1': { state: 'running', on: ['n2'] } },
  },
  'test',
);

/** A build whose agents do one thing: what `act` says, on n2, at 150 s. */
function buildThat(act: (options: NodeProcessOptions) => Promise<void>): Build {
  return {
    servers: () => ({ transport: noTransport, database: new MemoryDatabase() }),
    createAgent: (options) => ({
      start: async () => {
        if (options.node === 'n2') options.clock.after(150_000, () => void act(options));
      },
      stop: async () => {},
      kill: () => {},
      shutdownHost: async () => {},
    }),
  };
}

const vm = vmId('vm-1');
const start = (options: NodeProcessOptions) => options.hypervisor.start({ vm, cpus: 1, memoryMiB: 1, disk: '' }, 2);

const takeAndStart = async (options: NodeProcessOptions) => {
  const sector = await options.storage.readLease(vm);
  if (sector === undefined) throw new Error('no sector');
  const { node } = options;
  await options.storage.compareAndWriteLease(sector, { ...sector, node, epoch: 2, generation: sector.generation + 1 });
  await start(options);
};

test('a VM that loses its host and is started elsewhere is a recovery with its times', async () => {
  const result = await play(scenario, { build: buildThat(takeAndStart) });
  expect(result.unmet).toEqual([]);
  expect(result.violations).toEqual([]);
  expect(result.recoveries).toMatchObject([{ vm: 'vm-1', from: 'n1', to: 'n2', failedAt: 100 }]);
});

test('two copies that can write are a violation of G2', async () => {
  const result = await play({ ...scenario, events: [] }, { build: buildThat(start) });
  expect(result.violations).toMatchObject([
    {
      invariant: 'B4: nothing runs without its lease',
      why: 'vm-1 was started on n2, but n1 (held, epoch 1) has its lease',
    },
    { invariant: 'G2: at most one copy can write', why: 'vm-1 runs on n1 and n2' },
  ]);
});

test('a watchdog that is armed and not kicked resets the host, also while it stalls', async () => {
  const build = buildThat(async ({ watchdog }) => watchdog.arm(20_000));
  const stalled = { ...scenario, events: [{ at: 155, do: 'pause' as const, node: 'n2', seconds: 1000 }] };
  const result = await play(stalled, { build });
  expect(result.timeline).toContainEqual({
    at: 170,
    what: 'power-lost',
    node: nodeId('n2'),
    why: 'reset by its watchdog',
  });
});

test('the same seed gives the same timeline, another seed another', async () => {
  const hashOf = async (seed: number) => (await play(scenario, { seed, build: buildThat(start) })).hash;
  expect(await hashOf(1)).toBe(await hashOf(1));
  expect(await hashOf(1)).not.toBe(await hashOf(2));
});

const unused = () => Promise.reject(new Error('not used here'));
const noTransport: Transport = {
  partitions: 1,
  atomicOutgoing: true,
  boundedRedelivery: false,
  maxBodyBytes: 1e6,
  schedules: false,
  bus: { publish: () => {}, subscribe: () => () => {}, answer: () => () => {}, request: unused },
  deliver: unused,
  commit: unused,
  latest: (_address: Address) => unused(),
  sweep: unused,
  history: unused,
  consume: unused,
  watch: unused,
  isFull: () => false,
  deadLetter: unused,
  deadLetters: unused,
  close: async () => {},
};
