import { sleep, type Transport, TransportUnavailable } from '#actors';
import { detect, type Judgement, type NodeId, type Timings, timingsFor } from '#machines';
import { Lineage } from './adopt-copy.ts';
import { serveAgent } from './agent-server.ts';
import { CopiesUnderWay } from './copies-under-way.ts';
import { DatabaseHeartbeat } from './database-heartbeat.ts';
import { verifyFirstCopies } from './first-copies.ts';
import { GuardianRunner } from './guardian-runner.ts';
import { IncomingCopies } from './incoming-copies.ts';
import { LateWriters } from './late-writers.ts';
import type { NodeLogEntry, NodeProcessControl, NodeProcessOptions } from './node-process-options.ts';
import { NodeSupervision, type WordEvent } from './node-supervision.ts';
import { Observations } from './observations.ts';
import { PerVm } from './per-vm.ts';
import { type Loop, periodic } from './periodic.ts';
import { type ActualState, reconcile } from './reconcile.ts';
import { SaidLately } from './said-lately.ts';
import { settleFormerCalls } from './settle-former-calls.ts';
import { SlotHeartbeat } from './slot-heartbeat.ts';
import type { CopyPorts } from './start-copy.ts';
import { endCopy } from './stop-copy.ts';
import type { KnownStops } from './tell-stop.ts';
import { within } from './within.ts';

/** How long a guest may take to shut down when its host does, ms. */
const SHUTDOWN_GRACE_MS = 30_000;
/** An orderly shutdown says so that often before it goes on without being heard. */
const LAST_WORD_TRIES = 3;
/** So many intervals it waits for a good slot write after a guest had to be forced off. */
const LAST_WRITE_TRIES = 5;

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
  readonly #knownStops: KnownStops = new Map();
  readonly #ends: (() => void)[] = [];
  readonly #loops: Loop[] = [];
  #observations: Observations | undefined;
  #judgements: ReadonlyMap<NodeId, Judgement> = new Map();
  #observationSequence = 0;
  readonly #saidLately: SaidLately;
  #stopping: boolean;
  #settled: boolean;
  #settling: Promise<void> | undefined;
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
    this.#settled = options.freshBoot;
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
      isSettled: () => this.#settled,
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
  }

  async start(): Promise<void> {
    const { clock, freshBoot, goesDown } = this.#options;
    const { intervalMs } = this.timings;
    const verified = await this.#open().catch((error: unknown) => {
      this.#alert(error);
      return false;
    });
    if (this.#ended) return;
    this.#guardian.start(verified);
    while (!verified && !this.#ended) {
      await sleep(clock, intervalMs);
      if (await this.#open().catch(() => false)) break;
    }
    if (this.#ended) return;
    this.#options.onJoined?.();
    if (freshBoot) this.#note({ what: 'start', why: `joined with incarnation ${this.#heartbeat.incarnation}` });
    if (goesDown === undefined) return await this.#join();
    // Messaging may not be there any more: its VMs end all the same.
    await Promise.all([this.#endEverything(), this.#join()]);
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
    await this.#endEverything();
    const areGone = await this.#lastWritesLanded();
    this.#heartbeat.state = 'stopping';
    this.#heartbeat.stop();
    const { incarnation, lastAttempted: sequence } = this.#heartbeat;
    const word = { incarnation, sequence, freeze: settings.shutdownPolicy === 'freeze', returns: reboot };
    if (areGone) await this.#lastWord(word);
    await this.stop().catch((error: unknown) => this.#alert(error));
  }

  /** Also what is just being started: nothing new begins any more, and nothing may run once "all is off" was said. */
  async #endEverything(): Promise<void> {
    const { hypervisor, clock } = this.#options;
    while (!this.#ended) {
      try {
        const copies = (await hypervisor.list()).map(({ vm }) => vm);
        const vms = [...new Set([...copies, ...this.#ports.underWay.vms])];
        if (vms.length === 0) return;
        await Promise.all(vms.map((vm) => this.#perVm.run(vm, () => endCopy(this.#ports, vm, SHUTDOWN_GRACE_MS))));
      } catch (error) {
        // Nothing may be said of VMs that could not be ended: again, until the host's own patience ends.
        this.#alert(error);
        await sleep(clock, this.timings.intervalMs);
      }
    }
  }

  /** False when a guest that was forced off may still write: then "all is off" would be false (G2), the others wait for the bound. */
  async #lastWritesLanded(): Promise<boolean> {
    for (let tries = 0; tries < LAST_WRITE_TRIES && this.#lateWriters.vms.length > 0; tries += 1) {
      await sleep(this.#options.clock, this.timings.intervalMs);
    }
    const { vms } = this.#lateWriters;
    if (vms.length > 0) this.#note({ what: 'refuse', why: `no word: ${vms.join(', ')} may still write (G2)` });
    return vms.length === 0;
  }

  /** T5, B9: tried a few times; a host whose word nobody hears still goes down, and the others wait for the bound. */
  async #lastWord(word: Omit<WordEvent, 'state'>): Promise<void> {
    for (let tries = 0; tries < LAST_WORD_TRIES; tries += 1) {
      try {
        return await this.#joined().word({ ...word, state: 'off' });
      } catch (error) {
        this.#alert(error);
        await sleep(this.#options.clock, this.timings.intervalMs);
      }
    }
  }

  /** How this node judges every node now. */
  get judgements(): ReadonlyMap<NodeId, Judgement> {
    return this.#judge(this.#heartbeat.nodes);
  }

  /** True once the first slot write succeeded and every copy here is this host's own. */
  async #open(): Promise<boolean> {
    const { clock, freshBoot } = this.#options;
    const { intervalMs, watchdogTimeoutMs } = this.timings;
    // Short intervals are for finding others dead, not for giving up on an own hypervisor that is busy.
    const patienceMs = Math.max(intervalMs * 4, watchdogTimeoutMs / 10);
    if (!this.#settled) await within(clock, patienceMs, 'what a former agent began', this.#settle());
    if (this.#heartbeat.incarnation === 0) {
      await within(clock, patienceMs / 2, 'shared storage', this.#heartbeat.open());
    }
    const gone = await within(clock, patienceMs, 'the first check', verifyFirstCopies(this.#ports, freshBoot));
    for (const vm of gone) this.#note({ what: 'clean-up', vm, why: "its lease sector is not this host's (B4)" });
    this.#heartbeat.start();
    const untilMs = clock.nowMs() + patienceMs / 2;
    while (this.#heartbeat.good.sequence === 0 && clock.nowMs() < untilMs) await sleep(clock, Math.min(20, intervalMs));
    return this.#heartbeat.good.sequence > 0;
  }

  /** Once, however long the hypervisor takes; again when it fails. */
  #settle(): Promise<void> {
    this.#settling ??= settleFormerCalls(this.#options.hypervisor).then(
      () => {
        this.#settled = true;
      },
      (error: unknown) => {
        this.#settling = undefined;
        throw error;
      },
    );
    return this.#settling;
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
    this.#observations = new Observations(transport.bus, clock, onError);
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
    observations.publish({
      observer: node,
      incarnation: this.#heartbeat.incarnation,
      sequence: this.#observationSequence,
      storageOk: this.#heartbeat.isHealthy(),
      databaseOk: this.#beats.isHealthy(),
      slots: this.#heartbeat.seen,
      beats: this.#beats.seen,
    });
    // Each node is judged where its actor is, and all of them where placement is decided; others ask when they need it.
    const { nodes } = this.#heartbeat;
    const supervision = this.#joined();
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
