import { nodeId } from '#machines';
import type { LinkQuality } from '../world/link-quality.ts';
import type { World } from '../world/world.ts';
import type { WorldFault } from './world-fault.ts';

/** Makes one of the simulator's own faults happen, now, and end when its time is over. */
export function strike(world: World, fault: WorldFault): void {
  switch (fault.do) {
    case 'storage-slow':
    case 'storage-answers-late':
    case 'storage-hangs':
    case 'storage-errors':
    case 'storage-requests-lost':
    case 'storage-answers-lost':
      strikeStorage(world, fault);
      return;
    case 'link-bad': {
      setLink(world, fault, fault);
      endsAfter(world, fault.seconds, () => setLink(world, fault, undefined));
      return;
    }
    case 'one-way-cut': {
      const network = fault.network === 'vm' ? world.vmNetwork : world.network;
      const [from, to] = [nodeId(fault.from), nodeId(fault.to)];
      network.cutOneWay(from, to, true);
      endsAfter(world, fault.seconds, () => network.cutOneWay(from, to, false));
      return;
    }
    case 'member-down':
    case 'leader-lost':
      strikeMembers(world, fault);
      return;
    case 'hypervisor-slow':
    case 'hypervisor-fails':
    case 'hypervisor-hangs':
      strikeHypervisor(world, fault);
      return;
    case 'agent-stalls': {
      const { process } = world.host(fault.node);
      process?.stall();
      endsAfter(world, fault.seconds, () => process?.unstall());
      return;
    }
    case 'agent-crashes': {
      const host = world.host(fault.node);
      world.agents.crashAt(host.name, fault.point, fault.nth, () => {
        world.time.after(fault.restartSeconds * 1000, () => host.whenRunning(() => world.startAgent(host)));
      });
      endsAfter(world, fault.seconds, () => world.agents.spare(host.name));
      return;
    }
    case 'fence-slow': {
      const { takesMs, answers } = world.fences;
      Object.assign(world.fences, { takesMs: fault.takesSeconds * 1000, answers: fault.answers });
      endsAfter(world, fault.seconds, () => Object.assign(world.fences, { takesMs, answers }));
      return;
    }
    case 'fence-lies': {
      const { node, seconds, actsAfterSeconds, plugOf } = fault;
      const lie = {
        ...(actsAfterSeconds === undefined ? {} : { actsAfterMs: actsAfterSeconds * 1000 }),
        ...(plugOf === undefined ? {} : { plugOf }),
      };
      world.fenceLies.set(node, lie);
      endsAfter(world, seconds, () => {
        if (world.fenceLies.get(node) === lie) world.fenceLies.delete(node);
      });
      return;
    }
    case 'clock-rate':
      world.host(fault.node).clock.setRate(1 + fault.driftPercent / 100);
      return;
  }
}

type Of<Kind extends WorldFault['do']> = Extract<WorldFault, { do: Kind }>;

function setLink(world: World, { network, node }: Of<'link-bad'>, quality: LinkQuality | undefined): void {
  if (network === 'storage') {
    world.storage.path(nodeId(node)).link = quality;
    if (quality === undefined) world.storage.pathChanged();
  } else (network === 'vm' ? world.vmNetwork : world.network).setLink(nodeId(node), quality);
}

function strikeStorage(world: World, fault: Of<`storage-${string}` & WorldFault['do']>): void {
  const { storage } = world;
  const path = storage.path(nodeId(fault.node));
  if (fault.do === 'storage-slow') path.slowMs = fault.delayMs;
  else if (fault.do === 'storage-answers-late') path.answersLateMs = fault.delayMs;
  else if (fault.do === 'storage-hangs') path.hangs = true;
  else if (fault.do === 'storage-errors') path.errorPercent = fault.percent;
  else if (fault.do === 'storage-requests-lost') path.requestsLost = true;
  else path.answersLost = true;
  endsAfter(world, fault.seconds, () => {
    if (fault.do === 'storage-slow') path.slowMs = 0;
    else if (fault.do === 'storage-answers-late') path.answersLateMs = 0;
    else if (fault.do === 'storage-hangs') path.hangs = false;
    else if (fault.do === 'storage-errors') path.errorPercent = 0;
    else if (fault.do === 'storage-requests-lost') path.requestsLost = false;
    else path.answersLost = false;
    storage.pathChanged();
  });
}

function strikeMembers(world: World, fault: Of<'member-down' | 'leader-lost'>): void {
  const members = fault.of === 'messaging' ? world.messaging : world.databaseMembers;
  if (fault.do === 'leader-lost') {
    members.dethrone();
    return;
  }
  const node = nodeId(fault.node);
  members.setStopped(node, true);
  endsAfter(world, fault.seconds, () => members.setStopped(node, false));
}

function strikeHypervisor(world: World, fault: Of<`hypervisor-${string}` & WorldFault['do']>): void {
  const { hypervisors } = world;
  const trouble = hypervisors.trouble(nodeId(fault.node));
  if (fault.do === 'hypervisor-slow') trouble.slowMs = fault.delayMs;
  else if (fault.do === 'hypervisor-fails') trouble.fails.add(fault.call);
  else trouble.hangs.add(fault.call);
  endsAfter(world, fault.seconds, () => {
    if (fault.do === 'hypervisor-slow') trouble.slowMs = 0;
    else if (fault.do === 'hypervisor-fails') trouble.fails.delete(fault.call);
    else trouble.hangs.delete(fault.call);
    hypervisors.troubleChanged();
  });
}

function endsAfter(world: World, seconds: number, end: () => void): void {
  world.time.after(seconds * 1000, end);
}
