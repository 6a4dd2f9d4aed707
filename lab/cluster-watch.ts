import { z } from 'zod';
import type { Clock } from '#actors';
import type { Database, SharedStorage } from '#ports';
import { BeatAges } from './beat-ages.ts';
import type { LabStatus } from './lab-status.ts';
import type { LabLogEntry, NodeReport } from './node-report.ts';

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
    for (const { vm } of this.#vms) this.#ages.see(`vm ${vm}`, this.#actual(vm).join());
  }

  heard(report: NodeReport): void {
    this.#reports.set(report.node, report);
  }

  /** A node is off: what it last said is no longer so. */
  silence(node: string): void {
    this.#reports.delete(node);
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
        const [actual = 'unknown', on] = this.#actual(vm);
        return { vm, recorded, actual, node: on ?? node, epoch, sinceMs: this.#ages.ageMs(`vm ${vm}`) };
      }),
      events: [...this.#events],
    };
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
  #actual(vm: string): [string, string?] {
    for (const state of ['running', 'suspended', 'off'] as const) {
      for (const { node, copies } of this.#reports.values()) {
        if (copies.some((copy) => copy.vm === vm && copy.state === state)) return [state, node];
      }
    }
    return ['none'];
  }
}
