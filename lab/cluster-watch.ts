import { z } from 'zod';
import type { Clock } from '#actors';
import type { Database, SharedStorage } from '#ports';
import { BeatAges } from './beat-ages.ts';
import type { LabStatus } from './lab-status.ts';
import type { LabLogEntry, NodeReport, ReportedCopy } from './node-report.ts';

const KEPT_EVENTS = 200;

/** The part of a VM's document that is shown. */
const shownVm = z.object({
  recorded: z.enum(['running', 'stopped']),
  lease: z.object({ node: z.string(), epoch: z.number() }).nullable(),
});

/** What the lab knows of its cluster: it reads storage and database itself, and hears its agents. Decides nothing. */
export class ClusterWatch {
  readonly #clock: Clock;
  readonly #ages: BeatAges;
  readonly #startedMs: number;
  readonly #slots = new Map<string, string>();
  readonly #reports = new Map<string, NodeReport>();
  readonly #events: { atMs: number; text: string }[] = [];
  readonly #copyListeners = new Set<(node: string, copy: ReportedCopy) => void>();
  readonly #listeners = new Set<(entry: LabLogEntry) => void>();
  #vms: { vm: string; recorded: string; node: string | null; epoch: number | null }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ages = new BeatAges(clock);
    this.#startedMs = clock.nowMs();
  }

  /** Reads everything once. Throws what the ports throw; what was read before stays. */
  async sample(storage: SharedStorage, database: Database): Promise<void> {
    for (const slot of await storage.readSlots()) {
      this.#slots.set(slot.node, slot.state);
      this.#ages.see(`slot ${slot.node}`, `${slot.incarnation}.${slot.sequence}`);
    }
    for (const [node, counter] of await database.beats()) this.#ages.see(`beat ${node}`, `${counter}`);
    const documents = await database.list('vms');
    this.#vms = documents.map(({ id, body }) => {
      const { recorded, lease } = shownVm.parse(body);
      return { vm: id, recorded, node: lease?.node ?? null, epoch: lease?.epoch ?? null };
    });
    this.#vms.sort((a, b) => (a.vm < b.vm ? -1 : 1));
    // The epoch too: a VM that was restarted where it was is a new one.
    for (const { vm, epoch } of this.#vms) this.#ages.see(`vm ${vm}`, JSON.stringify([epoch, this.copyOf(vm)]));
  }

  heard(report: NodeReport): void {
    const before = this.#reports.get(report.node)?.copies ?? [];
    this.#reports.set(report.node, report);
    for (const change of changes(before, report.copies)) this.#tellCopy(report.node, change);
  }

  /** Hears every change of a copy from now on: a copy that is forgotten counts as off. */
  subscribeCopies(listener: (node: string, copy: ReportedCopy) => void): () => void {
    this.#copyListeners.add(listener);
    return () => this.#copyListeners.delete(listener);
  }

  /** A node is off: what it last said is no longer so. */
  silence(node: string): void {
    const before = this.#reports.get(node)?.copies ?? [];
    this.#reports.delete(node);
    for (const change of changes(before, [])) this.#tellCopy(node, change);
  }

  /** Keeps an event in words and returns it. */
  note(entry: LabLogEntry): string {
    const about = [entry.vm, entry.about].filter((part) => part !== undefined).join(' ');
    const text = `${entry.node}: ${entry.what}${about === '' ? '' : ` ${about}`}: ${entry.why}`;
    this.#events.push({ atMs: this.#clock.nowMs() - this.#startedMs, text });
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(entry);
    return text;
  }

  /** Hears every entry from now on, at the moment it arrives. Returns how to stop. */
  subscribe(listener: (entry: LabLogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(parts: LabStatus['parts'], nodes: readonly { node: string; on: boolean }[]): LabStatus {
    return {
      parts,
      nodes: nodes.map(({ node, on }) => ({
        node,
        power: on ? 'on' : 'off',
        slot: this.#slots.get(node) ?? '-',
        storageBeatMs: this.#ages.ageMs(`slot ${node}`),
        databaseBeatMs: this.#ages.ageMs(`beat ${node}`),
        verdict: this.#verdict(node),
      })),
      vms: this.#vms.map(({ vm, recorded, node, epoch }) => {
        const { state: actual, node: on } = this.copyOf(vm);
        return { vm, recorded, actual, node: on ?? node, epoch, sinceMs: this.#ages.ageMs(`vm ${vm}`) };
      }),
      events: [...this.#events],
    };
  }

  #tellCopy(node: string, copy: ReportedCopy): void {
    for (const listener of this.#copyListeners) listener(node, copy);
  }

  /** As most of the nodes that report judge it; a node that is off judges nobody. */
  #verdict(node: string): string {
    const votes = new Map<string, number>();
    for (const { verdicts } of this.#reports.values()) {
      const verdict = verdicts[node];
      if (verdict !== undefined) votes.set(verdict, (votes.get(verdict) ?? 0) + 1);
    }
    return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'unknown';
  }

  /** State and node of the copy that counts: a running one before a suspended one before one that is off. */
  copyOf(vm: string): { readonly state: ReportedCopy['state'] | 'none'; readonly node?: string } {
    for (const state of ['running', 'suspended', 'off'] as const) {
      for (const { node, copies } of this.#reports.values()) {
        if (copies.some((copy) => copy.vm === vm && copy.state === state)) return { state, node };
      }
    }
    return { state: 'none' };
  }
}

function changes(before: readonly ReportedCopy[], now: readonly ReportedCopy[]): ReportedCopy[] {
  const gone = before.filter(({ vm, state }) => state !== 'off' && !now.some((copy) => copy.vm === vm));
  const changed = now.filter((copy) => {
    const known = before.find(({ vm }) => vm === copy.vm);
    return known?.state !== copy.state || known.epoch !== copy.epoch;
  });
  return [...gone.map(({ vm, epoch }) => ({ vm, epoch, state: 'off' as const, reason: 'lost' as const })), ...changed];
}
