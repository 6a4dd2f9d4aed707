import type { MailboxMessage, Transport } from '#actors';
import { type ClusterSettings, type NodeId, nodeId, type VmId } from '#machines';
import type { Database } from '#ports';
import type { NodeProcessControl, NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import type { Scenario } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';
import { type EventListener, VirtualTime } from '../virtual-time.ts';
import { Agents } from './agents.ts';
import { SimBus } from './bus.ts';
import { openDatabase } from './database.ts';
import { dyingAtFence } from './dying-at-fence.ts';
import { type FenceLie, type FenceMood, openFence } from './fence.ts';
import { GuestDisks } from './guest-disks.ts';
import { type SimCopy, SimHost } from './host.ts';
import { HostClock } from './host-clock.ts';
import { SimHypervisors } from './hypervisor.ts';
import { SimMembers } from './members.ts';
import { mostEventsASecond } from './most-events.ts';
import { SimNetwork } from './network.ts';
import { Operator } from './operator.ts';
import { Power } from './power.ts';
import type { SimProcess } from './sim-process.ts';
import { SimStorageTarget } from './storage.ts';
import { openTransport } from './transport.ts';
import type { WorldObserver } from './world-observer.ts';

export interface WorldOptions {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly settings: ClusterSettings;
  readonly observer: WorldObserver;
  /** The state of the messaging servers and of the database; the world puts distance and faults before them. */
  readonly servers: (time: VirtualTime) => { readonly transport: Transport; readonly database: Database };
  /** Hears that the run goes on. */
  readonly progress?: EventListener | undefined;
  /** The production process of one node. `wallClockMs`: what no production code may read (G3). */
  readonly createAgent: (options: NodeProcessOptions, wallClockMs: () => number) => NodeProcessControl;
}

/** Everything that stands in the data centre, without a scenario's plan of what happens to it. */
export class World {
  readonly time: VirtualTime;
  readonly hosts: ReadonlyMap<NodeId, SimHost>;
  readonly network: SimNetwork;
  /** The guests' own: nothing of the product passes or watches it yet. The other is the management network. */
  readonly vmNetwork: SimNetwork;
  readonly messaging: SimMembers;
  readonly databaseMembers: SimMembers;
  readonly storage: SimStorageTarget;
  readonly hypervisors: SimHypervisors;
  readonly transport: Transport;
  readonly database: Database;
  readonly agents: Agents;
  readonly power: Power;
  readonly fences: FenceMood;
  /** By the host that they are about. */
  readonly fenceLies = new Map<string, FenceLie>();
  readonly #options: WorldOptions;
  readonly #bus: SimBus;
  readonly #operator: Operator;
  readonly #members: readonly NodeId[];

  constructor(options: WorldOptions) {
    const { scenario, seed, observer } = options;
    const time = new VirtualTime(mostEventsASecond(scenario), options.progress);
    this.time = time;
    this.#options = options;
    const stream = (name: string) => new SeededRandom(`${seed}/${name}`);
    const { driftPercent } = scenario.settings.clock;
    const clockOf = (name: NodeId) => {
      const random = stream(`clock/${name}`);
      return new HostClock(time, random.int(0, 1e9), 1 + random.between(-driftPercent, driftPercent) / 100);
    };
    const names = scenario.nodes.map((node) => nodeId(node.name));
    this.hosts = new Map(names.map((name) => [name, new SimHost(name, time, clockOf(name))]));
    this.#members = scenario.members?.map(nodeId) ?? names.slice(0, names.length < 3 ? 1 : 3);
    const hosts = this.#members.map((name) => this.host(name));
    this.network = new SimNetwork(scenario.settings.network, stream('network'));
    this.vmNetwork = new SimNetwork(scenario.settings.network, stream('vm network'), 'vmNetwork');
    const { network } = this;
    this.messaging = new SimMembers({
      ...{ time, network, hosts, random: stream('messaging'), electionMs: [500, 4000], routed: true },
    });
    this.databaseMembers = new SimMembers({
      ...{ time, network, hosts, random: stream('database'), electionMs: [1000, 12_000], routed: false },
    });
    this.storage = new SimStorageTarget(time, stream('storage'), observer);
    this.hypervisors = new SimHypervisors({
      ...{ time, random: stream('hypervisor') },
      diskReachable: (host) => this.storage.reachableFrom(host),
      peer: (from, to) => {
        const target = this.hosts.get(to);
        return target?.booted && network.connected(from, target) ? target : undefined;
      },
      migrationDelayMs: (from, to) => network.streamDelayOfBadLinks(from, to),
      disks:
        scenario.settings.disks === 'hang'
          ? new GuestDisks(this.storage, (host, vm) => observer.diskWritten(host, vm))
          : undefined,
      changed: (host, copy, before) => observer.copyChanged(host, copy, before),
    });
    this.#bus = new SimBus(time, network, this.messaging);
    const servers = options.servers(time);
    this.transport = servers.transport;
    this.database = servers.database;
    this.#operator = new Operator({
      ...{ time, transport: this.transport, messaging: this.messaging, hosts: [...this.hosts.values()] },
      refused: (error) => observer.fact('refused', undefined, undefined, String(error)),
    });
    this.fences = { takesMs: scenario.settings.fenceSeconds * 1000, answers: true };
    this.agents = new Agents((node, error) => observer.agentFailed(node, error));
    this.power = new Power({
      ...{ time, hosts: [...this.hosts.values()], agents: this.agents, observer },
      startAgent: (host) => this.startAgent(host),
    });
  }

  host(name: string): SimHost {
    const host = this.hosts.get(nodeId(name));
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  /** The host with a copy of this VM in one of these states. */
  holder(vm: VmId, state: SimCopy['state'] = 'running'): SimHost | undefined {
    return [...this.hosts.values()].find((host) => host.powered && host.copies.get(vm)?.state === state);
  }

  /** A host that is up from the beginning: booted long ago, agent about to start. */
  beginPowered(host: SimHost): void {
    host.powerOn();
    host.booted = true;
    host.joined = true;
    this.startAgent(host);
  }

  startAgent(host: SimHost): void {
    this.agents.start(host, (process) => this.#createAgent(process));
  }

  /** An operator's message to an actor. */
  tell(to: Parameters<Operator['tell']>[0], event: MailboxMessage['event']): void {
    this.#operator.tell(to, event);
  }

  #createAgent(process: SimProcess): NodeProcessControl {
    const { seed, settings, observer, createAgent } = this.#options;
    const { time, network } = this;
    const { host } = process;
    const random = new SeededRandom(`${seed}/agent/${host.name}/${host.boots}/${host.processes}`);
    const options: NodeProcessOptions = {
      node: host.name,
      freshBoot: !host.joined,
      onJoined: () => {
        if (process.alive) host.joined = true;
      },
      onCyclePoint: (point) => process.reach(`actor.${point}`),
      ...(host.goingDown === undefined ? {} : { goesDown: host.goingDown }),
      transport: openTransport(this.transport, this.#bus, process, time, network, this.messaging),
      clock: process.clock,
      random: () => random.next(),
      database: openDatabase(this.database, process, time, network, this.databaseMembers),
      storage: this.storage.open(process),
      hypervisor: this.hypervisors.open(process),
      fences: this.#fences(process),
      members: this.#members,
      watchdog: this.power.watchdogOf(host).open(process),
      probes: {
        fileSystemWritable: async () => host.works.fileSystem,
        storageServiceWorks: async () => host.works.storageService,
      },
      settings,
      log: (entry) => {
        if (process.alive) observer.log(entry);
      },
    };
    return createAgent(options, () => host.clock.nowMs + host.wallOffsetMs);
  }

  #fences(process: SimProcess): NodeProcessOptions['fences'] {
    const { fence } = this.#options.scenario.settings;
    if (fence === 'none') return [];
    const options = {
      kind: fence,
      mood: this.fences,
      lies: this.fenceLies,
      time: this.time,
      find: (name: string) => this.hosts.get(nodeId(name)),
      incarnationOf: (name: string) => this.storage.slots.get(nodeId(name))?.incarnation ?? 0,
      cutPower: (target: SimHost) => this.power.off(target, 'fenced'),
      givePower: (target: SimHost) => this.power.on(target),
    };
    return [dyingAtFence(openFence(options, process), process)];
  }
}
