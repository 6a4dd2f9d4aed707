import { mkdirSync } from 'node:fs';
import { z } from 'zod';
import { systemClock, type Transport } from '#actors';
import { clusterSettings, timingsFor } from '#machines';
import type { Database, SharedStorage } from '#ports';
import { connectDatabase } from '../database/mod.ts';
import { openFileStorage } from '../node-agent/file-storage/mod.ts';
import { siblingProgram } from '../setup/sibling-program.ts';
import { connectJetStream } from '../transport/mod.ts';
import { AgentLinks } from './agent-links.ts';
import { cleanUp, removeLabRoot } from './clean-up.ts';
import { ClusterOperator } from './cluster-operator.ts';
import { ClusterWatch } from './cluster-watch.ts';
import { type ControlServer, startControlServer } from './control-server.ts';
import { killGuest } from './guest-process.ts';
import { dropLabDatabases } from './lab-database.ts';
import { LabError } from './lab-error.ts';
import { LabFaults } from './lab-faults.ts';
import { isReachedByCommands, type LabFolder, openLabRoot } from './lab-folder.ts';
import { type LabGuests, labGuests } from './lab-guests.ts';
import { takeLabLock } from './lab-lock.ts';
import { bootNode } from './lab-nodes.ts';
import type { LabPlan } from './lab-plan.ts';
import { diskPath, type LabServices, makeDisk, startLabServices } from './lab-services.ts';
import type { LabStatus } from './lab-status.ts';
import { type LabControl, labVerbs } from './lab-verbs.ts';
import { type BoxKind, bestBoxKind } from './node-box.ts';
import type { NodeConfig } from './node-config.ts';
import { NodePower } from './node-power.ts';
import { nodeLogEntry, nodeReport } from './node-report.ts';
import { ServerKeeper } from './server-keeper.ts';
import { refuseLongPaths } from './socket-paths.ts';
import { untilBooted } from './until-booted.ts';
import { recordsOfEpoch } from './witness.ts';
import { type BootedEpoch, checkDisk, unprovenEpochs } from './witness-check.ts';

export interface LabOptions {
  readonly folder: LabFolder;
  readonly plan: LabPlan;
  /** First of the three ports on which NATS listens; free ones when not given. */
  readonly port?: number | undefined;
  /** Another program than the lab's own agent; gets the path of its `NodeConfig`. For tests. */
  readonly agent?: string;
  /** A line for people: a step of the start, or an event. */
  readonly say: (line: string) => void;
}

const SAMPLE_MS = 300;
const STORAGE_DEADLINE_MS = 2000;

/** A whole cluster on this machine. Invariant: after `end` no process and no file that it made is left. */
export class Lab implements LabControl {
  readonly watch = new ClusterWatch(systemClock);
  /** Resolves when somebody asked for the end. */
  readonly asked: Promise<void>;
  readonly #options: LabOptions;
  readonly #nodes: readonly string[];
  readonly #lock: { release(): void };
  readonly #agents = new AgentLinks();
  readonly #booted: BootedEpoch[] = [];
  #parts: Readonly<Record<string, string>> = {};
  #power: NodePower | undefined;
  #control: ControlServer | undefined;
  #storage: SharedStorage | undefined;
  #database: Database | undefined;
  #transport: Transport | undefined;
  #operator: ClusterOperator | undefined;
  #faults: LabFaults | undefined;
  #keeper: ServerKeeper | undefined;
  #sampling: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #ending = false;
  #health = 'everything answers';
  #down: () => void = () => undefined;

  /** Takes the folder. Throws `LabError` when another lab has it, `UnsafeTimings`. */
  constructor(options: LabOptions) {
    this.#options = options;
    this.#nodes = options.plan.nodes.map(({ name }) => name);
    const { sensitivity, fence } = options.plan.settings;
    timingsFor({ sensitivity, confirmingFence: fence !== 'none' }); // refuses what each node would refuse
    refuseLongPaths(options.folder, options.plan);
    openLabRoot(options.folder);
    this.#lock = takeLabLock(options.folder);
    this.asked = new Promise((resolve) => {
      this.#down = resolve;
    });
  }

  /** Starts everything, in order; cleans up first what a crashed lab left. After an error only `end` may follow. */
  start(): Promise<void> {
    this.#starting = this.#startAll();
    return this.#starting;
  }

  async #startAll(): Promise<void> {
    const { folder, plan, port, say } = this.#options;
    await cleanUp(folder);
    for (const why of await dropLabDatabases(folder)) say(why);
    mkdirSync(folder.pids);
    const services = await startLabServices(folder, { nodes: plan.nodes.length, vms: 64, port }, say);
    say('preparing the guests');
    const guests = await labGuests(folder, say);
    const box = await bestBoxKind();
    const power = box === 'namespace' ? 'PID namespaces: a power cut kills a node whole' : 'process marks (no root)';
    this.#parts = { ...services.parts, guests: guests.description, nodes: power };
    for (const [part, what] of Object.entries(this.#parts)) say(`${part}: ${what}`);
    this.#goOn();
    await this.#connect(services);
    const servers = [...services.servers.messaging, ...services.servers.database];
    this.#keeper = new ServerKeeper(servers, folder.pids, (what, why) => this.#note(what, why));
    await Promise.all([this.operator.establish(plan), ...plan.vms.map(({ id }) => makeDisk(folder, id))]);
    this.#goOn();
    this.#power = this.#wirePower(services, guests, box);
    this.#faults = new LabFaults({
      ...{ folder, power: this.#power, agents: this.#agents, keeper: this.#keeper, servers: services.servers },
      note: (node, what, why) => say(this.watch.note({ node, what, why })),
    });
    this.#control = await startControlServer(folder.control, this.#answer());
    const on = plan.nodes.filter((node) => node.power === 'on').map(({ name }) => name);
    say(`booting ${on.join(', ')}`);
    await Promise.all(on.map((node) => this.powerOn(node)));
  }

  /** Starts the plan's VMs on their nodes and waits until their guests write. Throws `LabError` when one does not boot. */
  async startVms(): Promise<void> {
    const { folder, plan, say } = this.#options;
    const vms = plan.vms.filter(({ node, state }) => state === 'running' && this.#switches().isOn(node));
    say(`starting ${vms.map(({ id }) => id).join(', ')}`);
    await Promise.all(vms.map((vm) => this.operator.startFirst(vm)));
    say('waiting until their guests have booted');
    await Promise.all(vms.map(({ id }) => untilBooted(diskPath(folder, id), id, 1)));
    this.#booted.push(...vms.map(({ id }) => ({ vm: id, epoch: 1 })));
  }

  /** Takes everything down. May be called at any moment; a second time does nothing harmful. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#starting?.catch(() => undefined); // what it is just starting must not be missed
    clearInterval(this.#sampling);
    await this.#keeper?.stop();
    await this.#power?.allOff();
    await Promise.all([this.#storage?.close(), this.#database?.close(), this.#transport?.close()]);
    await cleanUp(this.#options.folder);
    // Not through `say`, which may be silent by now: on somebody's server something is left.
    for (const why of await dropLabDatabases(this.#options.folder)) console.error(`understudy: ${why}`);
    this.#lock.release();
    removeLabRoot(this.#options.folder);
    await this.#control?.close(); // last: `lab down` waits for it
  }

  /** What the guests' own records on the disks prove to be wrong (G2), in words. */
  async checkWitness(): Promise<string[]> {
    const found: string[] = [];
    const vms = new Set([...this.#booted, ...this.status().vms].map(({ vm }) => vm));
    for (const vm of vms) found.push(...(await checkDisk(this.diskOf(vm), vm)));
    return found;
  }

  /** Of the epochs that `startVms` saw boot, and of `more` that must have booted: those that no record proves, in words. */
  async unproven(more: readonly BootedEpoch[] = []): Promise<string[]> {
    return await unprovenEpochs((vm) => this.diskOf(vm), [...this.#booted, ...more]);
  }

  /** Speaks to the cluster as a person would. Throws `LabError` before the servers are up. */
  get operator(): ClusterOperator {
    if (this.#operator === undefined) throw new LabError('the lab is still starting');
    return this.#operator;
  }

  get nodes(): readonly string[] {
    return this.#nodes;
  }

  /** Makes its disk and document; starts it unless it is to be stopped. */
  async addVm(vm: LabPlan['vms'][number]): Promise<void> {
    await makeDisk(this.#options.folder, vm.id);
    await this.operator.addVm(vm);
    if (vm.state === 'running') await this.operator.startFirst(vm);
    else await this.operator.tell(`vm/${vm.id}`, { type: 'adopt' });
  }

  /** Throws `LabError` before the servers are up. */
  get faults(): LabFaults {
    if (this.#faults === undefined) throw new LabError('the lab is still starting');
    return this.#faults;
  }

  diskOf(vm: string): string {
    return diskPath(this.#options.folder, vm);
  }

  async powerOff(node: string): Promise<void> {
    await this.#switches().off(node);
  }

  async powerOn(node: string): Promise<void> {
    await this.#switches().on(node);
  }

  async killVm(vm: string): Promise<void> {
    this.#known(vm);
    const boundaries = this.#nodes.flatMap((node) => this.#switches().boundary(node) ?? []);
    killGuest(vm, boundaries);
  }

  async guestShutdown(vm: string): Promise<void> {
    this.#known(vm);
    const { node, actual, epoch } = this.status().vms.find((one) => one.vm === vm) ?? {};
    if (typeof node !== 'string' || actual !== 'running') throw new LabError(`VM ${vm} does not run now`);
    if (typeof epoch === 'number' && (await recordsOfEpoch(this.diskOf(vm), epoch)).length === 0) {
      throw new LabError(`the guest of ${vm} has not booted yet and does not hear its power button: try again soon`);
    }
    await this.#agents.ask(node, 'guest-shutdown', { vm });
  }

  /** Powers off also a node that booted again but has not said so in its slot: costs time, never a VM's safety. */
  async fence(node: string, incarnation: number): Promise<void> {
    const slots = (await this.#storage?.readSlots()) ?? [];
    const bootedSince = slots.some((slot) => slot.node === node && slot.incarnation > incarnation);
    if (bootedSince) return;
    const wayOut = isReachedByCommands(this.#options.folder)
      ? `"npx understudy lab power-on ${node}" brings it back`
      : '';
    await this.#switches().off(node, ['fenced; it stays off', wayOut].filter(Boolean).join(': '));
  }

  status(): LabStatus {
    const nodes = this.#nodes.map((node) => ({ node, on: this.#power?.isOn(node) ?? false }));
    return this.watch.status(this.#parts, nodes);
  }

  down(): void {
    this.#down();
  }

  async #connect(services: LabServices): Promise<void> {
    this.#transport = await connectJetStream({ servers: services.nats, name: 'lab' });
    const storage = await openFileStorage(services.area, {
      ...{ clock: systemClock, deadlineMs: STORAGE_DEADLINE_MS, oneMachine: true },
    });
    this.#storage = storage;
    const database = await connectDatabase(services.database);
    this.#database = database;
    this.#operator = new ClusterOperator({ database, storage, transport: this.#transport }, (vm) => this.diskOf(vm));
    this.#sampling = setInterval(() => {
      this.watch.sample(storage, database).then(
        () => this.#trouble('everything answers'),
        (error: unknown) => this.#trouble(`cannot read the cluster: ${String(error)}`),
      );
    }, SAMPLE_MS);
  }

  #wirePower(services: LabServices, guests: LabGuests, box: BoxKind): NodePower {
    const { folder, plan, say, agent = siblingProgram(import.meta.filename, 'agent') } = this.#options;
    const { fence, fenceSeconds, ...settings } = plan.settings;
    const config = (node: string): NodeConfig => ({
      ...{ node, nats: [...services.nats], database: services.database, area: services.area },
      ...{ control: folder.control, consoles: folder.node(node), guest: guests.guest },
      settings: clusterSettings.parse(settings),
      fence: { kind: fence, seconds: fenceSeconds },
    });
    const boot = (node: string) => bootNode({ folder, box, libvirtd: guests.libvirtd, agent, config }, node);
    return new NodePower(this.#nodes, boot, (event) => {
      if (event.what !== 'power-on') this.watch.silence(event.node);
      say(this.watch.note(event));
    });
  }

  /** Says a change for the worse or the better once, not at each sample. */
  #trouble(now: string): void {
    if (now === this.#health) return;
    this.#health = now;
    this.#note('alert', now);
  }

  #note(what: string, why: string): void {
    this.#options.say(this.watch.note({ node: 'lab', what, why }));
  }

  /** People's verbs, and what agents tell. */
  #answer(): ReturnType<typeof labVerbs> {
    const people = labVerbs(this);
    return async (verb, args, peer) => {
      if (verb === 'agent') this.#agents.add(z.object({ node: z.string() }).parse(args).node, peer);
      else if (verb === 'report') this.watch.heard(nodeReport.parse(args));
      else if (verb === 'log') this.#options.say(this.watch.note(nodeLogEntry.parse(args)));
      else return await people(verb, args, peer);
      return null;
    };
  }

  #goOn(): void {
    if (this.#ending) throw new LabError('ended while it was starting');
  }

  #switches(): NodePower {
    if (this.#power === undefined) throw new LabError('the lab is still starting');
    return this.#power;
  }

  #known(vm: string): void {
    const vms = this.status().vms.map((known) => known.vm);
    if (!vms.includes(vm)) throw new LabError(`no VM ${JSON.stringify(vm)} in this lab: it has ${vms.join(', ')}`);
  }
}
