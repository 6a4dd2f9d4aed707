import { type ActorSystem, createActorSystem, sleep, systemClock, type Transport } from '#actors';
import { type NodeId, nodeId, type VmDocument, vmDocumentSchema, vmId } from '#machines';
import type { Database, Document, SharedStorage } from '#ports';
import { type AgentCommand, agentReplySchema, agentSubject } from '../node-agent/mod.ts';
import { LabError } from './lab-error.ts';
import type { LabPlan } from './lab-plan.ts';

/** The epoch under which a VM that runs from the beginning is started. */
const FIRST_EPOCH = 1;
const START_ASK_MS = 20_000;
const START_DEADLINE_MS = 120_000;
const RETRY_MS = 200;

/** What a user may change of a VM; what is absent or undefined stays. */
export interface VmChanges {
  readonly cpus?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly ha?: boolean | undefined;
  readonly priority?: number | undefined;
  readonly failback?: boolean | undefined;
}

/** What a person with the right tools does to the cluster: writes intent into the database, talks to actors. Decides nothing. */
export class ClusterOperator {
  readonly #database: Database;
  readonly #storage: SharedStorage;
  readonly #transport: Transport;
  readonly #actors: ActorSystem;
  readonly #diskOf: (vm: string) => string;

  constructor(
    { database, storage, transport }: { database: Database; storage: SharedStorage; transport: Transport },
    diskOf: (vm: string) => string,
  ) {
    this.#database = database;
    this.#storage = storage;
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
    for (const { name, power } of nodes) {
      if (power === 'off')
        await this.#leaveTraces(
          nodeId(name),
          vms.filter((vm) => vm.node === name),
        );
    }
  }

  /** A node that is off from the beginning ran before: it left its slot, and the leases of its VMs. */
  async #leaveTraces(node: NodeId, vms: LabPlan['vms']): Promise<void> {
    await this.#storage.writeSlot({ node, incarnation: 1, sequence: 1, state: 'running' });
    await this.#database.beat(node);
    const held = { status: 'held' as const, epoch: FIRST_EPOCH, generation: 1, node, incarnation: 1, sequence: 0 };
    for (const { id, state } of vms) {
      if (state === 'running') await this.#storage.compareAndWriteLease(undefined, { vm: vmId(id), ...held });
    }
  }

  async addVm(vm: LabPlan['vms'][number]): Promise<void> {
    const { id, node, state, ha, priority, failback } = vm;
    const spec = this.#spec(vm);
    const lease = state === 'running' ? { node: nodeId(node), epoch: FIRST_EPOCH } : null;
    const document: VmDocument = { spec, recorded: state, ha, priority, failback, lease, home: null, mayRunOn: [] };
    await this.#database.create('vms', id, { ...document });
  }

  /** Has the VM started on the node that its lease names, and taken into care. Throws `LabError` after two minutes. */
  async startFirst(vm: LabPlan['vms'][number]): Promise<void> {
    const spec = this.#spec(vm);
    const command: AgentCommand = {
      do: 'start',
      spec,
      epoch: FIRST_EPOCH,
      evidence: [],
      evenIfStopped: true,
      attempt: 'operator',
    };
    await this.tell(`vm/${vm.id}`, { type: 'adopt' }); // first: so that it hears its agent say that it runs
    await this.#untilStarted(nodeId(vm.node), vm.id, command);
  }

  async vms(): Promise<readonly Document[]> {
    return await this.#database.list('vms');
  }

  /** Does nothing when there is no such VM. Throws `RevisionConflict` when somebody else changed it first. */
  async removeVm(vm: string): Promise<void> {
    const found = await this.#database.get('vms', vm);
    if (found === undefined) return;
    await this.#database.remove('vms', vm, found.revision);
    await this.tell(`vm/${vm}`, { type: 'adopt' });
  }

  /** Does nothing when there is no such VM. Throws `RevisionConflict` when somebody else changed it first. */
  async setVm(vm: string, { cpus, memoryMiB, ...changes }: VmChanges): Promise<void> {
    const found = await this.#database.get('vms', vm);
    if (found === undefined) return;
    const document = vmDocumentSchema.parse(found.body);
    const spec = { ...document.spec, ...defined({ cpus, memoryMiB }) };
    await this.#database.replace('vms', vm, found.revision, { ...document, ...defined(changes), spec });
    await this.tell(`vm/${vm}`, { type: 'adopt' });
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

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
