import type { JournalEntry } from '#actors';
import type { VmId } from '#machines';
import { recordOf } from './watcher.ts';

/** Ends of an attempt by which nothing was tried: HA is disarmed, it runs, somebody else leased it, it is gone or stopped. */
const NOTHING_TRIED: ReadonlySet<unknown> = new Set([
  ...['DISARMED', 'NOT_NEEDED', 'LEASE_CONFLICT', 'NO_SUCH_VM', 'STOPPED_BY_WISH'],
]);
/** In these it is brought back no more: what comes after is another recovery. */
const SETTLED: ReadonlySet<string> = new Set(['running', 'stopped', 'absent', 'removing', 'failed']);

/** What is seen from outside of one VM's recovery. */
export interface Tries {
  /** Failed attempts since it ran anywhere, or was settled; those after a user's change and those at its holder do not count. */
  readonly least: number;
  /** All of them, since it was settled. */
  readonly most: number;
}

/** One step of a VM's actor. */
export interface VmStep extends Tries {
  readonly vm: VmId;
  readonly before: string;
  readonly state: string;
  readonly cause: string;
  /** It was told since the attempt began that there may be room. */
  readonly isToldOfRoom: boolean;
  /** This step is the end of an attempt. */
  readonly hasFailed: boolean;
}

interface Known {
  least: number;
  most: number;
  state: string;
  /** The number of the last job that was counted. */
  job: number;
  isToldOfRoom: boolean;
  isChanged: boolean;
  isAtHolder: boolean;
}

/**
 * Counts the attempts to bring VMs back by the jobs that reported to have failed, whatever the VMs' actors count. Two
 * numbers, because an agent may answer that a start failed though the copy ran for a moment.
 */
export class FailedAttempts {
  readonly #known = new Map<VmId, Known>();

  of(vm: VmId): Tries {
    return this.#known.get(vm) ?? { least: 0, most: 0 };
  }

  /** A copy of it runs: whatever fails from now on is another outage. */
  ran(vm: VmId): void {
    const known = this.#known.get(vm);
    if (known !== undefined) known.least = 0;
  }

  /** Undefined: no step of a VM's actor. */
  step(entry: JournalEntry): VmStep | undefined {
    if (!entry.address.startsWith('vm/')) return undefined;
    const vm = entry.address.slice('vm/'.length) as VmId; // by its kind
    const { snapshot, cause } = recordOf(entry);
    const known = this.#known.get(vm) ?? begun();
    this.#known.set(vm, known);
    const before = known.state;
    const state = outermost(snapshot.value);
    const hasFailed = before === 'recovering' && isFailure(cause.event, known);
    if (hasFailed) {
      known.job = numberOf(cause.event.job);
      known.most += 1;
      // Read anew on a user's change, it is tried once more at once; at its holder it only has to be leased anew.
      if (!known.isChanged && !known.isAtHolder) known.least += 1;
    }
    if (cause.event.type === 'capacity') known.isToldOfRoom = true;
    if (cause.event.type === 'adopt') known.isChanged = true;
    if (state === 'recovering' && before !== 'recovering') known.isAtHolder = before === 'returning';
    known.state = state;
    const { least, most, isToldOfRoom } = known;
    const isBegun = state === 'recovering' && (before !== 'recovering' || hasFailed);
    if (isBegun) Object.assign(known, { isToldOfRoom: false, isChanged: false });
    if (SETTLED.has(state)) Object.assign(known, { least: 0, most: 0 });
    const how = cause.kind === 'message' ? cause.event.type : cause.kind;
    return { vm, before, state, cause: how, least, most, isToldOfRoom, hasFailed };
  }
}

function begun(): Known {
  return { least: 0, most: 0, state: '', job: 0, isToldOfRoom: false, isChanged: false, isAtHolder: false };
}

function isFailure(event: { readonly type: string; readonly [field: string]: unknown }, known: Known): boolean {
  if (event.type !== 'jobFailed' || numberOf(event.job) <= known.job) return false;
  return !NOTHING_TRIED.has(event.code) && event.holder === undefined;
}

/** Jobs of a VM are numbered: `job/<vm>-<number>`. */
function numberOf(job: unknown): number {
  const address = String(job);
  return Number(address.slice(address.lastIndexOf('-') + 1));
}

function outermost(value: unknown): string {
  return typeof value === 'object' && value !== null ? (Object.keys(value)[0] ?? '') : String(value);
}
