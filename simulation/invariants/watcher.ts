import type { Envelope, JournalEntry, StepRecord } from '#actors';
import type { NodeId, VmId } from '#machines';
import type { LeaseSector, Slot, VmCopy } from '#ports';
import type { NodeLogEntry } from '../../node-agent/node-process-options.ts';
import type { WorldFault } from '../faults/world-fault.ts';
import type { Scenario, ScenarioEvent } from '../scenario/mod.ts';
import type { SimCopy, SimHost } from '../world/host.ts';
import type { World } from '../world/world.ts';

/** What an invariant may look at, and how it speaks. */
export interface Watch {
  readonly scenario: Scenario;
  /** Not before the world stands. */
  readonly world: () => World;
  /** True seconds since the world began. */
  readonly nowSeconds: () => number;
  readonly violate: (invariant: string, why: string) => void;
}

/** One invariant: hears of everything at the instant it happens, and speaks when it is broken. */
export interface Watcher {
  log?(entry: NodeLogEntry): void;
  copyChanged?(host: SimHost, copy: SimCopy, before: VmCopy['state']): void;
  diskWritten?(host: SimHost, vm: VmId): void;
  leaseWritten?(before: LeaseSector | undefined, after: LeaseSector): void;
  slotWritten?(before: Slot | undefined, after: Slot): void;
  committed?(entry: JournalEntry): void;
  /** A document's body was changed; undefined: there was, or is, none. */
  documentChanged?(collection: string, id: string, before: Body | undefined, after: Body | undefined): void;
  happens?(event: ScenarioEvent | WorldFault): void;
  afterEvent?(): void;
  atEnd?(): Promise<void> | void;
}

export type Body = Readonly<Record<string, unknown>>;

export function nodeOf(event: ScenarioEvent | WorldFault): NodeId | undefined {
  return 'node' in event && event.node !== undefined ? (event.node as NodeId) : undefined; // names were checked
}

export function vmOfEvent(event: ScenarioEvent | WorldFault): VmId | undefined {
  return 'vm' in event ? (event.vm as VmId) : undefined; // names were checked
}

const records = new WeakMap<JournalEntry, StepRecord>();

/** A committed step, read once for all watchers. Not checked: whoever loads it checks it, and these runs commit much. */
export function recordOf(entry: JournalEntry): StepRecord {
  const known = records.get(entry);
  if (known !== undefined) return known;
  const { address, sequence, commitId, body } = entry;
  const envelope = JSON.parse(body) as Envelope; // the runtime's own text
  const record: StepRecord = Object.assign(envelope, { address, sequence, commitId });
  records.set(entry, record);
  return record;
}

/** Of a VM's document, or of its actor's context. */
export function leaseIn(body: Body): { readonly node: string; readonly epoch: number } {
  const { lease } = body;
  if (typeof lease !== 'object' || lease === null) return { node: 'nobody', epoch: 0 };
  return { node: String(Reflect.get(lease, 'node')), epoch: Number(Reflect.get(lease, 'epoch')) };
}

/** `running.active`; of a parallel state, which no VM has, only the first part. */
export function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, inner] = ['', '']] = Object.entries(value);
  return `${name}.${nameOf(inner)}`;
}
