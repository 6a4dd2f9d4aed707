import { sleep, type Transport, TransportUnavailable } from '#actors';
import { detect, type Judgement, type NodeId, type Timings, timingsFor } from '#machines';
import { Lineage } from './adopt-copy.ts';
import { serveAgent } from './agent-server.ts';
import { CopiesUnderWay } from './copies-under-way.ts';
import { DatabaseHeartbeat } from './database-heartbeat.ts';
import { FirstCheck } from './first-check.ts';
import { GuardianRunner } from './guardian-runner.ts';
import { IncomingCopies } from './incoming-copies.ts';
import { LastWord } from './last-word.ts';
import { LateWriters } from './late-writers.ts';
import type { NodeLogEntry, NodeProcessControl, NodeProcessOptions } from './node-process-options.ts';
import { NodeSupervision } from './node-supervision.ts';
import { Observations } from './observations.ts';
import { PerVm } from './per-vm.ts';
import { type Loop, periodic } from './periodic.ts';
import { type ActualState, reconcile } from './reconcile.ts';
import { SaidLately } from './said-lately.ts';
import { SlotHeartbeat } from './slot-heartbeat.ts';
import type { CopyPorts } from './start-copy.ts';
import type { KnownStops } from './tell-stop.ts';

/** How the log calls a command that was carried out. */
const DONE = { start: 'start', stop: 'stop', expect: 'migrate', migrate: 'migrate' } as const;

/** Messaging may come later: storage and hypervisor suffice to guard a host's VMs. */
type Options = Omit<NodeProcessOptions, 'transport'> & { readonly transport: Transport | Promise<Transport> };

/** Everything that runs on one host. The same in the simulator and on real hosts. */
export class NodeProcess implements NodeProcessControl {
  readonly timings: Timings;
  readonly #options: Options;
  readonly #heartbeat: SlotHeartbeat;
  readonly #beats: DatabaseHeartbeat;
  readonly #guardian: GuardianRunner;
  readonly #lateWriters: LateWriters;
  /** Undefined until messaging was there. */
  #supervision: NodeSupervision | undefined;
  readonly #ports: CopyPorts;
  readonly #perVm = new PerVm();
  readonly #firstCheck: FirstCheck;
  readonly #lastWord: LastWord;
  readonly #knownStops: KnownStops = new Map();
  readonly #ends: (() => void)[] = [];
  readonly #loops: Loop[] = [];
  #observations: Observations | undefined;
  #judgements: ReadonlyMap<NodeId, Judgement> = new Map();
  #observationSequence = 0;
  readonly #saidLately: SaidLately;
  #stopping: boolean;
  #ended = false;

  /** Throws `UnsafeTimings`. */
  constructor(given: Options) {
    this.#lateWriters = new LateWriters({
      clock: given.clock,
      lateWriteBoundMs: given.settings.lateWriteBoundMs,
      goodWriteBeganMs: () => this.#heartbeat.good.beganMs,
    });
    const options: Options = { ...given, hypervisor: this.#lateWriters.watch(given.hypervisor) };
    this.#options = options;
    this.#stopping = options.goesDown !== undefined;
    const { node, freshBoot, clock, database, storage, hypervisor, watchdog, settings, fences, timing } = options;
    this.timings = timingsFor({
      sensitivity: settings.sensitivity,
      confirmingFence: fences.length > 0,
      clockDriftPercent: settings.clockDriftPercent,
      ...(timing === undefined ? {} : { override: timing }),
    });
    const { timings } = this;
    const onError = (error: unknown) => this.#alert(error);
    this.#saidLately = new SaidLately(clock);
    const underWay = new CopiesUnderWay();
    const beforeWrite = (lastAttempted: number) => this.#word(lastAttempted);
    this.#heartbeat = new SlotHeartbeat({ node, freshBoot, clock, storage, timings, beforeWrite, onError });
    this.#beats = new DatabaseHeartbeat({ node, clock, database, timings, onError });
    this.#guardian = new GuardianRunner({
      ...{ clock, hypervisor, watchdog, underWay, timings, onError, lateWriters: this.#lateWriters },
      heartbeat: this.#heartbeat,
      isSettled: () => this.#firstCheck.isSettled,
      note: (entry) => this.#note(entry),
      onStorageBack: () => void this.#reconcile().catch(onError),
    });
    const incarnation = () => this.#heartbeat.incarnation;
    const isStopping = () => this.#stopping;
    this.#ports = {
      node,
      clock,
      database,
      storage,
      hypervisor,
      underWay,
      incoming: new IncomingCopies(clock),
      lineage: new Lineage(),
      migrated: new Map(),
      guardian: this.#guardian,
      incarnation,
      slotSequence: () => this.#heartbeat.lastAttempted,
      isStopping,
    };
    const note = (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => this.#note(entry);
    this.#firstCheck = new FirstCheck({
      ...{ clock, hypervisor, heartbeat: this.#heartbeat, ports: this.#ports, freshBoot, timings, note },
    });
    this.#lastWord = new LastWord({
      ...{ clock, hypervisor, ports: this.#ports, perVm: this.#perVm, lateWriters: this.#lateWriters, note, onError },
      intervalMs: timings.intervalMs,
      hasEnded: () => this.#ended,
      tell: (word) => this.#joined().word(word),
    });
  }

  async start(): Promise<void> {
    const { clock, freshBoot, goesDown } = this.#options;
    const { intervalMs } = this.timings;
    const verified = await this.#firstCheck.pass().catch((error: unknown) => {
      this.#alert(error);
      return false;
    });
    if (this.#ended) return;
    this.#guardian.start(verified);
    while (!verified && !this.#ended) {
      await sleep(clock, intervalMs);
      if (await this.#firstCheck.pass().catch(() => false)) break;
    }
    if (this.#ended) return;
    this.#options.onJoined?.();
    if (freshBoot) this.#note({ what: 'start', why: `joined with incarnation ${this.#heartbeat.incarnation}` });
    if (goesDown === undefined) return await this.#join();
    // Messaging may not be there any more: its VMs end all the same.
    await Promise.all([this.#lastWord.endEverything(), this.#join()]);
    if (!this.#ended) await this.shutdownHost(goesDown);
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await this.#supervision?.stop();
  }

  kill(): void {
    if (this.#ended) return;
    this.#end();
    this.#supervision?.kill();
  }

  async shutdownHost({ reboot }: { readonly reboot: boolean }): Promise<void> {
    const { settings, onGoesDown } = this.#options;
    this.#stopping = true;
    onGoesDown?.({ reboot });
    this.#note({ what: 'stop', why: reboot ? 'the host reboots' : 'the host shuts down (T5)' });
    await this.#lastWord.endEverything();
    const areGone = await this.#lastWord.lastWritesLanded();
    this.#heartbeat.state = 'stopping';
    this.#heartbeat.stop();
    const { incarnation, lastAttempted: sequence } = this.#heartbeat;
    const word = { incarnation, sequence, freeze: settings.shutdownPolicy === 'freeze', returns: reboot };
    if (areGone) await this.#lastWord.say(word);
    await this.stop().catch((error: unknown) => this.#alert(error));
  }

  /** How this node judges every node now. */
  get judgements(): ReadonlyMap<NodeId, Judgement> {
    return this.#judge(this.#heartbeat.nodes);
  }

  async #join(): Promise<void> {
    const { clock, hypervisor } = this.#options;
    const { intervalMs } = this.timings;
    const onError = (error: unknown) => this.#alert(error);
    this.#beats.start();
    // Needs no messaging: what is here is resumed or removed, whoever hears of it.
    this.#ends.push(hypervisor.subscribe(() => void this.#reconcile().catch(onError)));
    this.#loops.push(periodic(clock, intervalMs * 5, () => this.#reconcile(), onError));
    const transport = await this.#options.transport;
    if (this.#ended) return;
    this.#supervision = this.#supervise(transport);
    // Later starts of the agent begin far above: the slot's sequence jumps at each.
    this.#observationSequence = this.#heartbeat.lastAttempted;
    const { system } = this.#supervision;
    this.#observations = new Observations({
      ...{ bus: transport.bus, clock, onRefused: onError },
      onLifeSign: (from, lifeSign) => system.heardOf(from, lifeSign),
    });
    this.#ends.push(
      serveAgent({
        bus: transport.bus,
        ports: this.#ports,
        perVm: this.#perVm,
        onDone: (what, vm, epoch, reply) => {
          const why = reply.ok ? `${reply.detail} (epoch ${epoch})` : `${reply.code}: ${reply.why}`;
          this.#note({ what: reply.ok ? DONE[what] : 'attempt-failed', vm, why });
        },
      }),
    );
    await this.#supervision.start();
    if (this.#ended) return;
    this.#loops.push(periodic(clock, intervalMs, () => this.#observe(), onError));
  }

  #supervise(transport: Transport): NodeSupervision {
    const { node, clock, random, database, storage, fences, members, onCyclePoint } = this.#options;
    return new NodeSupervision({
      ...{ node, transport, clock, random, database, storage, fences, timings: this.timings },
      ...(members === undefined ? {} : { members }),
      ...(onCyclePoint === undefined ? {} : { onCyclePoint }),
      judgements: () => this.judgements,
      note: (entry) => this.#note(entry),
    });
  }

  #joined(): NodeSupervision {
    if (this.#supervision === undefined) throw new TransportUnavailable('messaging was not there yet');
    return this.#supervision;
  }

  async #observe(): Promise<void> {
    const { node } = this.#options;
    const observations = this.#observations;
    if (observations === undefined) return;
    this.#observationSequence += 1;
    const supervision = this.#joined();
    const observation = {
      observer: node,
      incarnation: this.#heartbeat.incarnation,
      sequence: this.#observationSequence,
      storageOk: this.#heartbeat.isHealthy(),
      databaseOk: this.#beats.isHealthy(),
      slots: this.#heartbeat.seen,
      beats: this.#beats.seen,
    };
    observations.publish(observation, supervision.system.lifeSign());
    // Each node is judged where its actor is, and all of them where placement is decided; others ask when they need it.
    const { nodes } = this.#heartbeat;
    this.#judgements = this.#judge(supervision.places() ? nodes : supervision.serves(nodes));
    await supervision.judged(this.#judgements);
  }

  #judge(nodes: readonly NodeId[]): ReadonlyMap<NodeId, Judgement> {
    const observations = this.#observations?.latest ?? [];
    const { timings } = this;
    const previous = this.#judgements;
    return detect({ nowMs: this.#options.clock.nowMs(), nodes, observations, timings, previous });
  }

  async #reconcile(): Promise<void> {
    if (this.#ended || this.#stopping) return;
    await reconcile({
      ports: this.#ports,
      perVm: this.#perVm,
      knownStops: this.#knownStops,
      report: (actual) => this.#report(actual),
      note: (what, vm, why) => this.#note({ what, vm, why }),
    });
  }

  #report(actual: ActualState): void {
    if (this.#ended) return;
    this.#supervision?.report(actual).catch((error: unknown) => this.#alert(error));
  }

  /** B9: says that nothing runs here, before each slot write in isolation. */
  #word(lastAttempted: number): void {
    const sequence = this.#guardian.giveWord(lastAttempted);
    if (sequence === undefined || this.#ended) return;
    const { incarnation } = this.#heartbeat;
    this.#supervision
      ?.word({ incarnation, sequence, state: 'suspended' })
      .catch((error: unknown) => this.#alert(error));
  }

  #end(): void {
    this.#ended = true;
    this.#heartbeat.stop();
    this.#beats.stop();
    this.#guardian.stop();
    this.#observations?.stop();
    for (const loop of this.#loops) loop.stop();
    for (const end of this.#ends) end();
  }

  #note(entry: Omit<NodeLogEntry, 'atMs' | 'node'>): void {
    if (this.#ended) return;
    this.#options.log({ atMs: this.#options.clock.nowMs(), node: this.#options.node, ...entry });
  }

  #alert(error: unknown): void {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (this.#saidLately.isNews(why)) this.#note({ what: 'alert', why });
  }
}
