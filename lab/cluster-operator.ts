import { type ActorSystem, createActorSystem, sleep, systemClock, type Transport } from '#actors';
import { type NodeId, nodeId, type VmDocument, vmId } from '#machines';
import type { Database } from '#ports';
import { type AgentCommand, agentReplySchema, agentSubject } from '../node-agent/mod.ts';
import { LabError } from './lab-error.ts';
import type { LabPlan } from './lab-plan.ts';

/** The epoch under which a VM that runs from the beginning is started. */
const FIRST_EPOCH = 1;
const START_ASK_MS = 20_000;
const START_DEADLINE_MS = 60_000;
const RETRY_MS = 200;

/** What a person with the right tools does to the cluster: writes intent into the database, talks to actors. Decides nothing. */
export class ClusterOperator {
  readonly #database: Database;
  readonly #transport: Transport;
  readonly #actors: ActorSystem;
  readonly #diskOf: (vm: string) => string;

  constructor(database: Database, transport: Transport, diskOf: (vm: string) => string) {
    this.#database = database;
    this.#transport = transport;
    this.#diskOf = diskOf;
    // Never started: a client that serves no actors.
    this.#actors = createActorSystem({ transport, clock: systemClock, random: Math.random, host: 'operator' });
  }

  /** Writes settings, rules, nodes and VMs: a cluster in which each running VM is leased to its node. */
  async establish({ nodes, vms, rules, settings }: LabPlan): Promise<void> {
    const { sensitivity, boost, shutdownPolicy, reserveHosts, massFailurePercent } = settings;
    const agreed = { sensitivity, boost, shutdownPolicy, reserveHosts, massFailurePercent };
    await this.#database.create('settings', 'main', agreed);
    for (const [index, rule] of rules.entries()) await this.#database.create('rules', `rule-${index + 1}`, { ...rule });
    for (const { name, cpus, memoryMiB, zone, maintenance } of nodes) {
      await this.#database.create('nodes', name, {
        cpus,
        memoryMiB,
        maintenance,
        ...(zone === undefined ? {} : { zone }),
      });
    }
    for (const vm of vms) await this.addVm(vm);
  }

  async addVm(vm: LabPlan['vms'][number]): Promise<void> {
    const { id, node, state, ha, priority, failback } = vm;
    const spec = this.#spec(vm);
    const lease = state === 'running' ? { node: nodeId(node), epoch: FIRST_EPOCH } : null;
    const document: VmDocument = { spec, recorded: state, ha, priority, failback, lease, home: null };
    await this.#database.create('vms', id, { ...document });
  }

  /** Has the VM started on the node that its lease names, and taken into care. Throws `LabError` after a minute. */
  async startFirst(vm: LabPlan['vms'][number]): Promise<void> {
    const spec = this.#spec(vm);
    const command: AgentCommand = { do: 'start', spec, epoch: FIRST_EPOCH, evidence: [], evenIfStopped: true };
    await this.#untilStarted(nodeId(vm.node), vm.id, command);
    await this.tell(`vm/${vm.id}`, { type: 'adopt' });
  }

  /** Throws `TransportUnavailable`: whether it arrived is unknown. */
  async tell(to: string, event: { readonly type: string; readonly [key: string]: unknown }): Promise<void> {
    await this.#actors.tell(to, event);
  }

  #spec({ id, cpus, memoryMiB }: LabPlan['vms'][number]): VmDocument['spec'] {
    return { vm: vmId(id), cpus, memoryMiB, disk: this.#diskOf(id) };
  }

  async #untilStarted(node: NodeId, vm: string, command: AgentCommand): Promise<void> {
    const untilMs = systemClock.nowMs() + START_DEADLINE_MS;
    for (;;) {
      const why = await this.#ask(node, command);
      if (why === undefined) return;
      if (systemClock.nowMs() > untilMs) throw new LabError(`${vm} does not start on ${node}: ${why}`);
      await sleep(systemClock, RETRY_MS); // the node is still joining
    }
  }

  /** Why it did not start; undefined when it did. */
  async #ask(node: NodeId, command: AgentCommand): Promise<string | undefined> {
    try {
      const answer = await this.#transport.bus.request(agentSubject(node), command, START_ASK_MS);
      const reply = agentReplySchema.parse(answer);
      return reply.ok ? undefined : reply.why;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
