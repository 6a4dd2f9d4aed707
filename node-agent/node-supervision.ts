import type { AnyEventObject } from 'xstate';
import { type ActorSystem, createActorSystem, type MembershipOptions } from '#actors';
import {
  clusterEventSchema,
  clusterMachine,
  type Judgement,
  jobEventSchema,
  jobMachine,
  type NodeId,
  nodeEventSchema,
  nodeMachine,
  type Timings,
  vmEventSchema,
  vmMachine,
} from '#machines';
import { effectsOf } from './effects.ts';
import type { NodeLogEntry, NodeProcessOptions } from './node-process-options.ts';
import type { ActualState } from './reconcile.ts';

/** What did not change is told again after that many intervals: so an actor that missed it, or forgot, hears it. */
const TELL_AGAIN_INTERVALS = 5;
/** What is well and stays so is told again after twice as long each time, up to that many times as long. */
const SELDOM_NODE = 12;
const SELDOM_VM = 48;
/** A copy that runs needs nothing: the first time it is told again. */
const FIRST_VM = 6;

interface Told {
  readonly what: string;
  readonly atMs: number;
  /** How often this very thing was told. */
  readonly times: number;
}

export interface WordEvent {
  readonly incarnation: number;
  readonly sequence: number;
  readonly state: 'suspended' | 'off';
  /** An orderly shutdown: its VMs wait for it. */
  readonly freeze?: boolean;
  /** An orderly shutdown: it boots again at once. */
  readonly returns?: boolean;
}

export interface NodeSupervisionOptions
  extends Pick<
    NodeProcessOptions,
    'node' | 'transport' | 'clock' | 'random' | 'database' | 'storage' | 'fences' | 'members' | 'onCyclePoint'
  > {
  readonly timings: Timings;
  readonly judgements: () => ReadonlyMap<NodeId, Judgement>;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
}

/**
 * How fast the actors of a silent host move elsewhere: well before anybody judges the host, so that its verdict finds them
 * there. Every host hears every other, so this is what a large cluster pays for without end.
 */
function membershipFor({ intervalMs }: Timings): Pick<MembershipOptions, 'aliveEveryMs' | 'deadAfterMs'> {
  // Instant must not wait for the actors of the host that died: taken over by the time it is found dead.
  const aliveEveryMs = intervalMs < 1000 ? Math.max(100, intervalMs / 2) : intervalMs;
  return { aliveEveryMs, deadAfterMs: aliveEveryMs * 3.6 };
}

/** This host's share of the actors, and what the host tells them. */
export class NodeSupervision {
  readonly system: ActorSystem;
  readonly #options: NodeSupervisionOptions;
  readonly #told = new Map<string, Told>();
  /** Node actors that were told while they were here. */
  readonly #toldNodes = new Set<string>();

  constructor(options: NodeSupervisionOptions) {
    this.#options = options;
    const { transport, clock, random, node, database, fences, timings, judgements, note } = options;
    this.system = createActorSystem({
      // No decision hangs on a wall clock, the servers' neither (G3).
      timers: 'own',
      ...{ transport, clock, random, host: node, membership: membershipFor(timings) },
      ...(options.onCyclePoint === undefined ? {} : { onCyclePoint: options.onCyclePoint }),
      onAlert: ({ code, text }) => note({ what: 'alert', why: `${code}: ${text}` }),
    });
    const effects = effectsOf({
      ...{ clock, database, storage: options.storage, bus: transport.bus, fences, judgements, timings, note },
      members: options.members ?? [],
      tell: (to, event) => this.system.tell(to, event),
    });
    this.system.register('vm', { machine: vmMachine, version: 1, events: vmEventSchema, effects: effects.vm });
    this.system.register('job', { machine: jobMachine, version: 1, events: jobEventSchema, effects: effects.job });
    this.system.register('node', {
      ...{ machine: nodeMachine, version: 2, events: nodeEventSchema, effects: effects.node },
      // Nothing was ever said against a fence before version 2.
      migrate: (stored) => ({ ...stored, context: { ...stored.context, disbelieved: [] } }),
    });
    this.system.register('cluster', {
      ...{ machine: clusterMachine, version: 1, events: clusterEventSchema },
      effects: effects.cluster,
    });
  }

  start(): Promise<void> {
    return this.system.start();
  }

  stop(): Promise<void> {
    return this.system.stop();
  }

  kill(): void {
    this.system.kill();
  }

  /** Whether placement is decided on this host. */
  places(): boolean {
    return this.system.owns('cluster/main');
  }

  /** Those whose actor is on this host. */
  serves(nodes: readonly NodeId[]): readonly NodeId[] {
    return nodes.filter((node) => this.system.owns(`node/${node}`));
  }

  /** Tells each node's actor its verdict, if this host serves that actor and the verdict is news or due again. */
  async judged(judgements: ReadonlyMap<NodeId, Judgement>): Promise<void> {
    const { intervalMs } = this.#options.timings;
    // Who takes an actor over tells it anew.
    for (const to of this.#toldNodes) {
      if (this.system.owns(to)) continue;
      this.#toldNodes.delete(to);
      this.#told.delete(to);
    }
    for (const [node, judgement] of judgements) {
      const to = `node/${node}`;
      if (!this.system.owns(to)) continue;
      const { verdict, boundReached, incarnation } = judgement;
      const what = `${verdict} ${boundReached} ${incarnation}`;
      const againMs = intervalMs * TELL_AGAIN_INTERVALS;
      if (!this.#isNews(to, what, againMs, verdict === 'healthy' ? SELDOM_NODE : 1)) continue;
      const { node: _, ...event } = judgement;
      await this.#tell(to, { type: 'verdict', ...event }, what);
      this.#toldNodes.add(to);
    }
  }

  /** Tells a VM's actor what the VM is here. What does not change is told again now and then. */
  async report({ vm, epoch, state, reason }: ActualState): Promise<void> {
    const { node, timings } = this.#options;
    const to = `vm/${vm}`;
    const what = `${epoch} ${state} ${reason}`;
    const againMs = timings.intervalMs * TELL_AGAIN_INTERVALS;
    const isNews =
      state === 'running'
        ? this.#isNews(to, what, againMs * FIRST_VM, SELDOM_VM / FIRST_VM)
        : this.#isNews(to, what, againMs);
    if (isNews) await this.#tell(to, { type: 'actual', node, epoch, state, reason }, what);
  }

  /** B9. Throws `TransportUnavailable`: say it again. */
  async word(word: WordEvent): Promise<void> {
    await this.system.tell(`node/${this.#options.node}`, { type: 'word', ...word });
  }

  /** `growth`: the wait doubles each time the same is told, up to that many times `againMs`. */
  #isNews(to: string, what: string, againMs: number, growth = 1): boolean {
    const told = this.#told.get(to);
    if (told?.what !== what) return true;
    return this.#options.clock.nowMs() - told.atMs >= againMs * Math.min(growth, 2 ** (told.times - 1));
  }

  async #tell(to: string, event: AnyEventObject, what: string): Promise<void> {
    await this.system.tell(to, event);
    const told = this.#told.get(to);
    const times = told?.what === what ? told.times + 1 : 1;
    this.#told.set(to, { what, atMs: this.#options.clock.nowMs(), times });
  }
}
