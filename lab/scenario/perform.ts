import type { ScenarioEvent } from '../../simulation/mod.ts';
import type { Lab } from '../lab.ts';

type NodeEvent = Exclude<Extract<ScenarioEvent, { node: string }>, { vm: string }>;
type VmEvent = Extract<ScenarioEvent, { vm: string }>;
type ClusterEvent = Exclude<ScenarioEvent, { node: string } | { vm: string }>;

/**
 * Makes one event happen on the lab; resolves when it has. Throws `LabError` when its object is not there just now, what
 * a part throws, and for an event that `refuseWhatTheLabCannot` should have refused.
 */
export async function perform(lab: Lab, event: ScenarioEvent): Promise<void> {
  if ('vm' in event) await performOnVm(lab, event);
  else if ('node' in event) await performOnNode(lab, event);
  else await performOnCluster(lab, event);
}

async function performOnNode(lab: Lab, event: NodeEvent): Promise<void> {
  const { faults, operator } = lab;
  switch (event.do) {
    case 'power-off':
      return await lab.powerOff(event.node);
    case 'power-on':
      return await lab.powerOn(event.node);
    case 'reboot':
    case 'shutdown':
      return await faults.shutdownHost(event.node, event.do === 'reboot');
    case 'pause':
      return await faults.pause(event.node, event.seconds);
    case 'storage-link-down':
    case 'storage-interface-down':
      return faults.cutStorage(event.node);
    case 'storage-link-up':
    case 'storage-interface-up':
      return faults.mendStorage(event.node);
    case 'agent-kill':
      return faults.killAgent(event.node);
    case 'agent-restart':
      return faults.restartAgent(event.node);
    case 'maintenance-on':
    case 'maintenance-off':
      return await operator.tell(`node/${event.node}`, { type: 'maintenance', on: event.do === 'maintenance-on' });
    default:
      throw new Error(`the lab cannot play ${event.do}`);
  }
}

async function performOnVm(lab: Lab, event: VmEvent): Promise<void> {
  const { operator } = lab;
  switch (event.do) {
    case 'kill':
      return await lab.killVm(event.vm);
    case 'guest-shutdown':
      return await lab.guestShutdown(event.vm);
    case 'start':
    case 'stop':
      return await operator.tell(`vm/${event.vm}`, { type: event.do });
    case 'migrate':
      return await operator.tell(`vm/${event.vm}`, { type: 'migrate', to: event.to });
    case 'remove':
      return await operator.removeVm(event.vm);
    case 'set': {
      const { at: _at, do: _do, vm, ...changes } = event;
      return await operator.setVm(vm, changes);
    }
    case 'add': {
      const { at: _at, do: _do, vm: id, ...given } = event;
      const { cpus = 1, memoryMiB = 96, ha = true, priority = 0, failback = true, node, state } = given;
      return await lab.addVm({ id, node, state, cpus, memoryMiB, ha, priority, failback });
    }
    default:
      throw new Error(`the lab cannot play ${event.do}`);
  }
}

async function performOnCluster(lab: Lab, event: ClusterEvent): Promise<void> {
  const { faults, nodes, operator } = lab;
  switch (event.do) {
    case 'storage-target-down':
      for (const node of nodes) faults.cutStorage(node);
      return;
    case 'storage-target-up':
      for (const node of nodes) faults.mendStorage(node);
      return;
    case 'database-down':
      return await faults.takeDown('database');
    case 'database-up':
      return faults.letReturn('database');
    case 'messaging-down':
      return await faults.takeDown('messaging');
    case 'messaging-up':
      return faults.letReturn('messaging');
    case 'arm':
    case 'disarm':
      return await operator.tell('cluster/main', { type: event.do });
    default:
      throw new Error(`the lab cannot play ${event.do}`);
  }
}
