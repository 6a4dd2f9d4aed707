import { nodeId, vmId } from '#machines';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { SimHost } from './host.ts';
import type { World } from './world.ts';

/** Events about one host. */
type NodeEvent = Exclude<Extract<ScenarioEvent, { node: string }>, { vm: string }>;
type VmEvent = Extract<ScenarioEvent, { vm: string }>;
type ClusterEvent = Exclude<ScenarioEvent, { node: string } | { vm: string }>;

/** Makes one event of a scenario happen, now. Events that find their object gone do nothing. */
export function happen(world: World, event: ScenarioEvent): void {
  if ('vm' in event) happenToVm(world, event);
  else if ('node' in event) happenToHost(world, world.host(event.node), event);
  else happenToCluster(world, event);
}

function happenToCluster(world: World, event: ClusterEvent): void {
  switch (event.do) {
    case 'storage-target-down':
    case 'storage-target-up':
      world.storage.up = event.do === 'storage-target-up';
      world.storage.pathChanged();
      return;
    case 'database-down':
    case 'database-up':
      world.databaseMembers.down = event.do === 'database-down';
      return;
    case 'messaging-down':
    case 'messaging-up':
      world.messaging.down = event.do === 'messaging-down';
      return;
    case 'partition':
      world.network.partition(event.groups.map((group) => group.map(nodeId)));
      return;
    case 'heal':
      world.network.heal();
      return;
    case 'arm':
    case 'disarm':
      world.tell('cluster/main', { type: event.do });
      return;
  }
}

function happenToHost(world: World, host: SimHost, event: NodeEvent): void {
  switch (event.do) {
    case 'power-off':
      world.power.off(host, 'power cut');
      return;
    case 'power-on':
      world.power.on(host);
      return;
    case 'reboot':
    case 'shutdown':
      world.power.shutdown(host, event.do === 'reboot');
      return;
    case 'pause':
      host.pause();
      world.time.after(event.seconds * 1000, () => host.resume());
      return;
    case 'storage-link-down':
    case 'storage-interface-down':
      host.links.storage = false;
      return;
    case 'storage-link-up':
    case 'storage-interface-up':
      host.links.storage = true;
      world.storage.pathChanged();
      return;
    case 'management-link-down':
    case 'management-link-up':
      host.links.management = event.do === 'management-link-up';
      return;
    case 'agent-kill':
      world.agents.kill(host);
      return;
    case 'agent-restart':
      world.agents.kill(host);
      world.startAgent(host);
      return;
    case 'clock-jump':
      host.wallOffsetMs += event.seconds * 1000;
      return;
    case 'vm-network-link-down':
    case 'vm-network-link-up':
      host.links.vmNetwork = event.do === 'vm-network-link-up';
      return;
    case 'filesystem-read-only':
      host.works.fileSystem = false;
      return;
    case 'storage-service-fail':
    case 'storage-service-recover':
      host.works.storageService = event.do === 'storage-service-recover';
      return;
    case 'maintenance-on':
    case 'maintenance-off':
      world.tell(`node/${host.name}`, { type: 'maintenance', on: event.do === 'maintenance-on' });
      return;
  }
}

function happenToVm(world: World, event: VmEvent): void {
  const vm = vmId(event.vm);
  const to = `vm/${event.vm}` as const;
  const holder = world.holder(vm);
  const copy = holder?.copies.get(vm);
  switch (event.do) {
    case 'kill':
    case 'guest-shutdown':
      if (holder === undefined || copy === undefined) return;
      world.hypervisors.change(holder, copy, 'off', event.do === 'kill' ? 'crashed' : 'guest-shutdown');
      return;
    case 'guest-panic':
    case 'guest-hang':
      if (copy !== undefined) world.hypervisors.guests[event.do === 'guest-panic' ? 'panic' : 'hang'](copy);
      return;
    case 'guest-boot-fails':
      world.hypervisors.guests.bootFails.set(vm, event.times);
      return;
    case 'suspend-fails':
      world.hypervisors.faults.suspendFails.add(vm);
      return;
    case 'start-fails':
      world.hypervisors.faults.startFails.set(vm, {
        left: event.times,
        node: event.node === undefined ? undefined : nodeId(event.node),
      });
      return;
    case 'migrate-fails':
      world.hypervisors.faults.migrateFails.set(vm, event.times);
      return;
    case 'start':
    case 'stop':
      world.tell(to, { type: event.do });
      return;
    case 'remove':
      void changeDocument(world, event.vm, () => undefined).then(() => world.tell(to, { type: 'adopt' }));
      return;
    case 'migrate':
      world.tell(to, { type: 'migrate', to: event.to });
      return;
    case 'set': {
      const { at: _at, do: _do, vm: _vm, cpus, memoryMiB, ...changes } = event;
      const size = defined({ cpus, memoryMiB });
      void changeDocument(world, event.vm, (body) => ({
        ...body,
        ...defined(changes),
        spec: resized(body, size),
      })).then(() => world.tell(to, { type: 'adopt' }));
      return;
    }
  }
}

type Body = Readonly<Record<string, unknown>>;

/** A running copy keeps its size until it is started again. */
function resized({ spec }: Body, size: object): object {
  return { ...(typeof spec === 'object' ? spec : {}), ...size };
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** What the operator's tool does to a VM's document: one compare-and-set. `undefined` deletes it. */
async function changeDocument(world: World, vm: string, change: (body: Body) => Body | undefined): Promise<void> {
  const found = await world.database.get('vms', vm);
  if (found === undefined) return;
  const next = change(found.body);
  if (next === undefined) await world.database.remove('vms', vm, found.revision);
  else await world.database.replace('vms', vm, found.revision, next);
}
