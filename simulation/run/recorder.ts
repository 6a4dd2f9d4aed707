import type { NodeId, VmId } from '#machines';
import type { VmCopy } from '#ports';
import type { NodeLogEntry } from '../../node-agent/node-process-options.ts';
import { inFull } from '../real/in-full.ts';
import type { Recovery, TimelineEntry, Violation } from './result.ts';

interface Outage {
  readonly from: NodeId;
  readonly failedAt: number;
  triggeredAt: number | undefined;
  /** It left its host by migration; where its suspended copy arrived. Resumed there, nothing was lost. */
  migratedTo?: NodeId | 'on its way' | undefined;
}

/** The words of the log by which HA says that it decided to bring a VM back. */
const TRIGGERS: ReadonlySet<string> = new Set(['trigger', 'plan']);

/**
 * The words by which HA says that it decided something: to act, or not to. What else it says are answers (`attempt-failed`,
 * `fence-confirmed`), alarms, and what users ordered.
 */
const DECISIONS: ReadonlySet<string> = new Set([
  ...['trigger', 'isolate', 'suspend', 'force-off', 'fence', 'power-on', 'plan', 'start', 'resume', 'clean-up'],
  ...['migrate', 'stop', 'give-up', 'refuse'],
]);

/** Where a copy is, and what it now is. */
type ChangedCopy = Pick<VmCopy, 'vm' | 'epoch' | 'state'> & {
  readonly reason?: VmCopy['reason'] | undefined;
  /** It stands for a migration only, where the world can tell. */
  readonly job?: unknown;
};
/** `goingDown`: its operating system goes down in order; undefined also where nobody can tell. */
type Host = { readonly name: NodeId; readonly goingDown?: unknown };
/** What a host can be hurt at. */
export type Harm = 'power' | 'storage' | 'agent';

/** Writes down what happened in one run, simulated or real: the timeline, and each VM that was lost and brought back. */
export class Recorder {
  readonly timeline: TimelineEntry[] = [];
  readonly recoveries: Recovery[] = [];
  readonly violations: Violation[] = [];
  /** How often HA acted, or refused to. */
  decisions = 0;
  readonly #nowMs: () => number;
  readonly #outages = new Map<VmId, Outage>();
  readonly #runsOn = new Map<VmId, NodeId>();
  /** Hosts with a suspended copy: after a migration the target's appears before the source's is off, or after. */
  readonly #suspended = new Map<VmId, Set<NodeId>>();
  /** When something was done to the host that may cost it its VMs; the cause of what follows. */
  readonly #hurtAt = new Map<NodeId, Map<Harm, number>>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get #at(): number {
    return Math.round(this.#nowMs()) / 1000;
  }

  /** The scenario did something to a host. */
  hurt(node: NodeId, harm: Harm): void {
    const harms = this.#hurtAt.get(node) ?? new Map<Harm, number>();
    this.#hurtAt.set(node, harms.set(harm, this.#at));
  }

  /** The scenario undid it. */
  healed(node: NodeId, harm: Harm): void {
    this.#hurtAt.get(node)?.delete(harm);
  }

  log(entry: Omit<NodeLogEntry, 'atMs'>): void {
    if (TRIGGERS.has(entry.what) && entry.vm !== undefined) {
      for (const [vm, outage] of this.#outages) if (vm === entry.vm) outage.triggeredAt ??= this.#at;
    }
    if (DECISIONS.has(entry.what)) this.decisions += 1;
    this.timeline.push({
      at: this.#at,
      what: entry.what,
      ...(entry.vm === undefined ? {} : { vm: entry.vm }),
      node: entry.node,
      ...(entry.about === undefined ? {} : { from: entry.about }),
      why: entry.why,
    });
  }

  fact(what: string, node: NodeId | undefined, vm: VmId | undefined, why: string): void {
    this.timeline.push({
      at: this.#at,
      what,
      ...(vm === undefined ? {} : { vm }),
      ...(node === undefined ? {} : { node }),
      why,
    });
  }

  copyChanged(host: Host, copy: ChangedCopy): void {
    const isStanding = copy.state === 'suspended' && copy.job !== undefined;
    const why = `epoch ${copy.epoch}${isStanding ? ', while it migrates' : ''}`;
    this.fact(`copy-${copy.state}`, host.name, copy.vm, copy.reason ?? why);
    if (isStanding) return; // it goes on here or elsewhere in a moment
    const waiting = this.#suspended.get(copy.vm) ?? new Set<NodeId>();
    this.#suspended.set(copy.vm, waiting);
    // Where else one is left from before, nothing arrives from now on.
    if (copy.state === 'running') waiting.clear();
    else if (copy.state === 'suspended') waiting.add(host.name);
    else waiting.delete(host.name);
    // Unknown: it ran before the recording began.
    const ranHere = (this.#runsOn.get(copy.vm) ?? host.name) === host.name;
    if (copy.state === 'running') this.#runsOn.set(copy.vm, host.name);
    else if (ranHere) this.#runsOn.delete(copy.vm);
    if (copy.state === 'running') this.#running(host, copy.vm);
    else if (copy.reason === 'guest-shutdown' && !this.#goesDown(host)) this.#outages.delete(copy.vm);
    else if (copy.reason === 'migrated') {
      const migratedTo = [...waiting].find((name) => name !== host.name) ?? 'on its way';
      this.#outages.set(copy.vm, { from: host.name, failedAt: this.#at, triggeredAt: undefined, migratedTo });
    } else if (this.#arrived(host, copy)) return;
    // The end of a copy that did not run is none of the VM's.
    else if (ranHere && !this.#outages.has(copy.vm)) {
      // A process that was killed owes that to nothing else.
      const failedAt = copy.reason === 'crashed' ? this.#at : this.#causeAt(host.name);
      this.#outages.set(copy.vm, { from: host.name, failedAt, triggeredAt: undefined });
    }
  }

  agentFailed(node: NodeId, error: unknown): void {
    this.violate('the agent never throws', `${node}: ${inFull(error)}`);
  }

  violate(invariant: string, why: string): void {
    this.violations.push({ at: this.#at, invariant, why });
  }

  /** A user asked for it: what follows is no recovery. */
  intended(vm: VmId): void {
    this.#outages.delete(vm);
  }

  /** A guest that goes down with its host does not do so on its own wish. */
  #goesDown(host: Host): boolean {
    return host.goingDown !== undefined || this.#hurtAt.get(host.name)?.has('power') === true;
  }

  /** When what the host suffers from happened, the last of it; now if it suffers from nothing. */
  #causeAt(node: NodeId): number {
    const harms = [...(this.#hurtAt.get(node)?.values() ?? [])];
    return harms.length === 0 ? this.#at : Math.max(...harms);
  }

  /** A copy that waits for its lease after a migration, or ends before it got it. */
  #arrived(host: Host, copy: ChangedCopy): boolean {
    const outage = this.#outages.get(copy.vm);
    if (outage?.migratedTo === undefined) return false;
    if (copy.state === 'suspended' && outage.migratedTo === 'on its way') outage.migratedTo = host.name;
    else if (outage.migratedTo === host.name) outage.migratedTo = undefined;
    return true;
  }

  #running(host: Host, vm: VmId): void {
    const outage = this.#outages.get(vm);
    if (outage === undefined) return;
    this.#outages.delete(vm);
    if (outage.migratedTo === host.name) return;
    const startedAt = this.#at;
    this.recoveries.push({
      vm,
      from: outage.from,
      to: host.name,
      failedAt: outage.failedAt,
      triggeredAt: outage.triggeredAt ?? startedAt,
      startedAt,
      seconds: Math.round((startedAt - outage.failedAt) * 1000) / 1000,
    });
  }
}
