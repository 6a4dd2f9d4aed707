import type { MailboxMessage, Transport } from '#actors';
import { type ClusterSettings, type NodeId, nodeId, type VmId } from '#machines';
import type { Database } from '#ports';
import type { NodeLogEntry, NodeProcessControl, NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import type { Scenario } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { SimBus } from './bus.ts';
import { openDatabase } from './database.ts';
import { openFence } from './fence.ts';
import { type SimCopy, SimHost } from './host.ts';
import { SimHypervisors } from './hypervisor.ts';
import { SimNetwork } from './network.ts';
import { SimStorageTarget } from './storage.ts';
import { openTransport } from './transport.ts';
import { SimWatchdog } from './watchdog.ts';

/** From power to a running agent. */
const BOOT_MS = 30_000;
/** An orderly shutdown that takes longer ends in a power cut. */
const SHUTDOWN_LIMIT_MS = 300_000;

/** What the world tells those who watch it. Called at the instant it happens. */
export interface WorldObserver {
  log(entry: NodeLogEntry): void;
  /** A fact of the world itself, not of the product. */
  fact(what: string, node: NodeId | undefined, vm: VmId | undefined, why: string): void;
  copyChanged(host: SimHost, copy: SimCopy): void;
  /** The agent threw where nothing may be thrown. */
  agentFailed(node: NodeId, error: unknown): void;
}

export interface WorldOptions {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly settings: ClusterSettings;
  readonly observer: WorldObserver;
  /** The state of the messaging servers and of the database; the world puts distance and faults before them. */
  readonly servers: (time: VirtualTime) => { readonly transport: Transport; readonly database: Database };
  /** The production process of one node. */
  readonly createAgent: (options: NodeProcessOptions) => NodeProcessControl;
}

/** Everything that stands in the data centre, without a scenario's plan of what happens to it. */
export class World {
  readonly time = new VirtualTime();
  readonly hosts: ReadonlyMap<NodeId, SimHost>;
  readonly network: SimNetwork;
  readonly storage: SimStorageTarget;
  readonly hypervisors: SimHypervisors;
  readonly transport: Transport;
  readonly database: Database;
  readonly #options: WorldOptions;
  readonly #bus: SimBus;
  readonly #watchdogs = new Map<SimHost, SimWatchdog>();
  readonly #agents = new Map<SimHost, NodeProcessControl>();
  #messages = 0;

  constructor(options: WorldOptions) {
    const { scenario, seed, observer } = options;
    this.#options = options;
    const names = scenario.nodes.map((node) => nodeId(node.name));
    this.hosts = new Map(names.map((name) => [name, new SimHost(name, this.time)]));
    const members = scenario.members?.map(nodeId) ?? names.slice(0, names.length < 3 ? 1 : 3);
    const stream = (name: string) => new SeededRandom(`${seed}/${name}`);
    this.network = new SimNetwork(this.hosts, members, scenario.settings.network, stream('network'));
    this.storage = new SimStorageTarget(this.time, stream('storage'));
    this.hypervisors = new SimHypervisors(this.time, stream('hypervisor'), (host, copy) =>
      observer.copyChanged(host, copy),
    );
    this.#bus = new SimBus(this.time, this.network);
    const servers = options.servers(this.time);
    this.transport = servers.transport;
    this.database = servers.database;
    for (const host of this.hosts.values()) {
      this.#watchdogs.set(host, new SimWatchdog(this.time, host, (late) => this.#watchdogReset(late)));
    }
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
    host.agentRan = true;
    this.startAgent(host);
  }

  powerOn(host: SimHost): void {
    if (host.powered) return;
    host.powerOn();
    const boot = host.boots;
    this.time.after(BOOT_MS, () => {
      if (!host.powered || host.boots !== boot) return;
      host.whenRunning(() => {
        host.booted = true;
        this.startAgent(host);
      });
    });
  }

  powerOff(host: SimHost, why: string): void {
    if (!host.powered) return;
    this.#options.observer.fact('power-lost', host.name, undefined, why);
    this.killAgent(host);
    this.#watchdogs.get(host)?.powerLost();
    const copies = [...host.copies.values()];
    host.powerOff();
    for (const copy of copies) this.#options.observer.copyChanged(host, { ...copy, state: 'off', reason: 'lost' });
  }

  /** T5: the operating system goes down in order, at the longest `SHUTDOWN_LIMIT_MS`. */
  shutdown(host: SimHost, reboot: boolean): void {
    const agent = this.#agents.get(host);
    if (!host.powered) return;
    const boot = host.boots;
    const off = () => {
      if (!host.powered || host.boots !== boot) return;
      this.powerOff(host, 'orderly shutdown');
      if (reboot) this.powerOn(host);
    };
    if (agent === undefined) {
      off();
      return;
    }
    this.time.after(SHUTDOWN_LIMIT_MS, off);
    host.process?.run(() => {
      agent
        .shutdownHost({ reboot })
        .then(off, (error: unknown) => this.#options.observer.agentFailed(host.name, error));
    });
  }

  /** SIGKILL of the agent; its VMs live on, its watchdog counts on. */
  killAgent(host: SimHost): void {
    this.#agents.get(host)?.kill();
    this.#agents.delete(host);
    host.killProcess();
  }

  /** Starts the agent unless one runs; on a host that is down or still boots the boot will start it. */
  startAgent(host: SimHost): void {
    if (!host.booted || host.process !== undefined) return;
    const freshBoot = !host.agentRan;
    host.agentRan = true;
    const { scenario, seed, settings, observer, createAgent } = this.#options;
    const random = new SeededRandom(`${seed}/agent/${host.name}/${host.boots}/${this.time.fired}`);
    const drift = scenario.settings.clock.driftPercent;
    const process = host.startProcess(random, random.between(-drift, drift));
    const watchdog = this.#watchdogs.get(host);
    if (watchdog === undefined) throw new Error(`${host.name} has no watchdog`);
    const { fence, fenceSeconds } = scenario.settings;
    const agent = createAgent({
      node: host.name,
      freshBoot,
      transport: openTransport(this.transport, this.#bus, process, this.time, this.network),
      clock: process.clock,
      random: () => random.next(),
      database: openDatabase(this.database, process, this.time, this.network),
      storage: this.storage.open(process),
      hypervisor: this.hypervisors.open(process),
      fences:
        fence === 'none'
          ? []
          : [
              openFence(
                {
                  kind: fence,
                  seconds: fenceSeconds,
                  time: this.time,
                  find: (name) => this.hosts.get(nodeId(name)),
                  incarnationOf: (name) => this.storage.slots.get(nodeId(name))?.incarnation ?? 0,
                  cutPower: (target) => this.powerOff(target, 'fenced'),
                },
                process,
              ),
            ],
      watchdog: watchdog.open(process),
      settings,
      log: (entry) => {
        if (process.alive) observer.log(entry);
      },
    });
    this.#agents.set(host, agent);
    process.run(() => {
      agent.start().catch((error: unknown) => {
        if (process.alive) observer.agentFailed(host.name, error);
      });
    });
  }

  /** An operator's message to an actor; tried again by the operator until messaging takes it. */
  tell(to: `${'vm' | 'node' | 'cluster'}/${string}`, event: MailboxMessage['event']): void {
    this.#messages += 1;
    const message: MailboxMessage = {
      id: `operator-${this.#messages}`,
      to: to as MailboxMessage['to'], // kind/id by its type, ids checked with the scenario
      from: 'external:operator',
      event,
    };
    const attempt = () => {
      const reached = [...this.hosts.values()].some(
        (host) => host.alive && this.network.reachesMajority(host, 'messaging'),
      );
      if (!reached) {
        this.time.after(1000, attempt);
        return;
      }
      this.transport.deliver(message).catch((error: unknown) => {
        this.#options.observer.fact('refused', undefined, undefined, String(error));
      });
    };
    attempt();
  }

  #watchdogReset(host: SimHost): void {
    if (!host.powered) return;
    this.powerOff(host, 'reset by its watchdog');
    this.powerOn(host);
  }
}
