import type { Clock, CyclePoint, Transport } from '#actors';
import type { ClusterSettings, NodeId, TimingInput } from '#machines';
import type { Database, Fence, Hypervisor, Probes, SharedStorage, Watchdog } from '#ports';

/** One line of a node's log: what was done, or refused, and the evidence in words (F9). No secrets. */
export interface NodeLogEntry {
  /** This node's monotonic time, ms. */
  readonly atMs: number;
  readonly node: NodeId;
  /**
   * trigger, isolate, suspend, force-off, fence, fence-confirmed, plan, start, resume, clean-up, stop, migrate, maintenance,
   * arm, disarm, attempt-failed, give-up, refuse, verdict, alert: the words of a scenario's timeline.
   */
  readonly what: string;
  readonly vm?: string;
  /** The node it is about, when not the VM's or this one. */
  readonly about?: string;
  readonly why: string;
}

/**
 * Everything one host's process needs. Nothing in it touches real time, randomness or I/O except through these: the
 * same process runs in the simulator and on real hosts.
 */
export interface NodeProcessOptions {
  readonly node: NodeId;
  /**
   * True as long as no agent process of this boot of the host had called `onJoined` (a marker on a tmpfs tells). Then the
   * incarnation grows by one and copies that already run are destroyed, as nobody owns them. False after a mere restart.
   */
  readonly freshBoot: boolean;
  /** Called once this incarnation stands in the slot: from now on another agent of this boot goes on with it. */
  readonly onJoined?: () => void;
  /**
   * The host is going down in order already, as its service manager or a marker left by `onGoesDown` says: this agent goes
   * on with that (T5). Whatever guest is off by now went with its host, not by its own wish (T7b).
   */
  readonly goesDown?: { readonly reboot: boolean };
  /** Called as soon as the host goes down in order: another agent of this boot must know. */
  readonly onGoesDown?: (how: { readonly reboot: boolean }) => void;
  /** Closed by the caller, after `stop()`. The same holds for the other ports. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly database: Database;
  readonly storage: SharedStorage;
  readonly hypervisor: Hypervisor;
  /** In the order in which they are tried. Only fences that confirm count for `instant` (B8). */
  readonly fences: readonly Fence[];
  /** The nodes that run servers of messaging and the database: no fence takes their majority. None: they run elsewhere. */
  readonly members?: readonly NodeId[];
  readonly watchdog: Watchdog;
  readonly probes?: Probes;
  readonly settings: ClusterSettings;
  /** For tests and small labs: other times than the sensitivity's. Unsafe ones are refused. */
  readonly timing?: TimingInput['override'];
  readonly log: (entry: NodeLogEntry) => void;
  /** For tests: called when a part of an actor's step is done. May kill this process. */
  readonly onCyclePoint?: (point: CyclePoint) => void;
}

/** The face of `NodeProcess` (constructor: `new NodeProcess(options)`). */
export interface NodeProcessControl {
  /**
   * Joins the cluster; a host that goes down is then seen off. Retries by itself until storage answers; resolves after the
   * first good slot write. Throws `UnsafeTimings`.
   */
  start(): Promise<void>;
  /** Orderly end of the agent: hands its actors over. VMs go on running; start again within the watchdog timeout, or the host resets. */
  stop(): Promise<void>;
  /** As if the process was killed: every loop, timer and subscription ends now, nothing is handed over. */
  kill(): void;
  /** T5: the host goes down in order. Stops its VMs, says so, then `stop()`. Afterwards the watchdog may be let go. */
  shutdownHost(options: { readonly reboot: boolean }): Promise<void>;
}
