import { nodeId, vmId } from '#machines';
import type { Database } from '#ports';
import type { Scenario } from '../scenario/mod.ts';
import type { World } from '../world/world.ts';

/** The epoch under which a VM that runs from the beginning was started. */
const FIRST_EPOCH = 1;

/**
 * The cluster as a scenario finds it: long in operation, every document and sector as the product itself would have left
 * them. Hosts get power, agents start, running VMs run.
 */
export async function establish(world: World, scenario: Scenario): Promise<void> {
  const { database, storage } = world;
  const { settings } = scenario;
  await database.create('settings', 'main', {
    sensitivity: settings.sensitivity,
    boost: settings.boost,
    shutdownPolicy: settings.shutdownPolicy,
    reserveHosts: settings.reserveHosts,
    massFailurePercent: settings.massFailurePercent,
  });
  for (const [index, rule] of scenario.rules.entries())
    await database.create('rules', `rule-${index + 1}`, { ...rule });
  for (const { name, cpus, memoryMiB, zone, maintenance } of scenario.nodes) {
    const node = nodeId(name);
    await database.create('nodes', name, { cpus, memoryMiB, maintenance, ...(zone === undefined ? {} : { zone }) });
    storage.slots.set(node, { node, incarnation: 1, sequence: 1, state: 'running' });
    await database.beat(name);
  }
  for (const vm of scenario.vms) await establishVm(world, database, vm);
  for (const { name, power } of scenario.nodes) if (power === 'on') world.beginPowered(world.host(name));
  for (const vm of scenario.vms) {
    const host = world.host(vm.node);
    if (vm.state === 'running' && host.powered) world.hypervisors.place(host, vmId(vm.id), FIRST_EPOCH);
  }
}

/** The documents and the lease sector of one VM. */
export async function establishVm(world: World, database: Database, entry: Scenario['vms'][number]): Promise<void> {
  const { id, node, state, ha, priority, failback, cpus, memoryMiB } = entry;
  const vm = vmId(id);
  const running = state === 'running';
  await database.create('vms', id, {
    spec: { vm: id, cpus, memoryMiB, disk: `sim:${id}` },
    recorded: state,
    ha,
    priority,
    failback,
    // One that is stopped was there last.
    lease: { node, epoch: running ? FIRST_EPOCH : 0 },
  });
  if (!running) return;
  world.storage.leases.set(vm, {
    vm,
    epoch: FIRST_EPOCH,
    generation: 1,
    status: 'held',
    node: nodeId(node),
    incarnation: 1,
    sequence: 0,
  });
}
