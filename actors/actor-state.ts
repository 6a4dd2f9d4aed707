import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import { type Envelope, type PendingEffect, readEnvelope, storedMessages } from './envelope.ts';
import { migrateWork } from './migrate-work.ts';
import type { Kind } from './registration.ts';
import { migrateSnapshot, reviveSnapshot } from './snapshot.ts';
import type { Address, JournalEntry, MailboxMessage } from './transport.ts';

export interface PendingTimer {
  readonly event: AnyEventObject;
  /** On this host's clock. */
  readonly dueMs: number;
  /** The step that armed it. */
  readonly armed: number;
  /** True when this host armed it: then its clock knows exactly when it is due, else it waits in full what was left. */
  readonly measured: boolean;
}

/**
 * A loaded actor. Steps change it in place; whoever fails to commit a step throws it away and loads again, so it is
 * never seen between two commits. All maps keep their order: it is part of what is stored.
 */
export interface ActorState {
  sequence: number;
  step: number;
  status: Envelope['status'];
  /** Undefined before the first step. */
  snapshot: AnyMachineSnapshot | undefined;
  parent: Address | undefined;
  /** The step of its parent that asked for it last. */
  spawned: number | undefined;
  parked: Envelope['parked'];
  forgot: boolean;
  recent: string[];
  /** Highest mailbox position taken. Invariant: only grows. */
  takenUpTo: number;
  /** Every message of that store at a lower mailbox position was taken, whoever sent it. Invariant: in one store it only grows. */
  done: { readonly store: string; readonly below: number };
  /** Mailbox position of the last `actor.stop` taken; 0 = none. */
  endedUpTo: number;
  outbox: MailboxMessage[];
  readonly timers: Map<string, PendingTimer>;
  readonly cursors: Map<string, number>;
  /** Of senders without a cursor: up to here everything was taken before it was forgotten by hand. */
  readonly atLeast: Map<string, number>;
  readonly sent: Map<string, number>;
  readonly effects: Map<string, PendingEffect>;
  /** Those it spawned, and at which step last; stopped when it ends. One that ended by itself is in it until it is heard. */
  readonly children: Map<Address, number>;
}

export function emptyState(): ActorState {
  return {
    sequence: 0,
    step: 0,
    status: 'active',
    snapshot: undefined,
    parent: undefined,
    spawned: undefined,
    parked: undefined,
    forgot: false,
    recent: [],
    takenUpTo: 0,
    done: { store: '', below: 0 },
    endedUpTo: 0,
    outbox: [],
    timers: new Map(),
    cursors: new Map(),
    atLeast: new Map(),
    sent: new Map(),
    effects: new Map(),
    children: new Map(),
  };
}

/** Throws `CorruptJournal`, `VersionMismatch`. */
export function loadState(kind: Kind, entry: JournalEntry, nowMs: number): ActorState {
  const stored = readEnvelope(entry);
  const state: ActorState = {
    sequence: entry.sequence,
    step: stored.step,
    status: stored.status,
    snapshot: undefined,
    parent: stored.parent,
    spawned: stored.spawned,
    parked: stored.parked,
    forgot: stored.forgot === true,
    recent: stored.recent,
    takenUpTo: stored.takenUpTo ?? Number.MAX_SAFE_INTEGER,
    done: stored.done ?? { store: '', below: 0 },
    endedUpTo: stored.endedUpTo ?? 0,
    outbox: storedMessages(stored),
    timers: new Map(
      stored.timers.map(({ id, event, remainingMs, armed }) => [
        id,
        { event, dueMs: nowMs + remainingMs, armed: armed ?? 0, measured: false },
      ]),
    ),
    cursors: new Map(Object.entries(stored.cursors)),
    atLeast: new Map(Object.entries(stored.atLeast ?? {})),
    sent: new Map(Object.entries(stored.sent)),
    effects: new Map(stored.effects.map((effect) => [effect.key, effect])),
    children: new Map(Object.entries(stored.children ?? {}) as [Address, number][]), // as `seal` wrote them
  };
  if (stored.unborn !== true) state.snapshot = liveSnapshot(kind, entry.address, stored, state, nowMs);
  return state;
}

/** Of the registered version; `state` waits for what it waits for. */
function liveSnapshot(
  kind: Kind,
  address: Address,
  { snapshot, version, step }: Envelope,
  state: ActorState,
  nowMs: number,
): AnyMachineSnapshot {
  const migrated = migrateSnapshot(kind, address, snapshot, version);
  if (version !== kind.version && migrated.status === 'active' && state.status !== 'stopped') {
    migrateWork(kind, address, reviveSnapshot(kind, address, migrated, []), step, state, nowMs);
  }
  return reviveSnapshot(kind, address, migrated, state.effects.values());
}

/** True when somebody must look after it even if no message comes. `kind`: its migration may give it something to wait for. */
export function hasWork(stored: Envelope, kind?: Kind): boolean {
  if (stored.status === 'active' && kind?.migrate !== undefined && stored.version < kind.version) return true;
  if (stored.status === 'parked') return stored.outbox.length > 0;
  return stored.timers.length > 0 || stored.effects.length > 0 || stored.outbox.length > 0;
}
