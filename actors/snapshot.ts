import type { AnyActorScope, AnyMachineSnapshot } from 'xstate';
import { z } from 'zod';
import { type PendingEffect, type StoredSnapshot, storedSnapshot } from './envelope.ts';
import { VersionMismatch } from './errors.ts';
import type { Kind } from './registration.ts';
import { assertSerialisable } from './serialisable.ts';

/** Stored for an actor that has no first state; means nothing. */
export const UNBORN: StoredSnapshot = { status: 'active', value: {}, context: {} };

/** The part of a live snapshot that must survive. Shares structure with it: write it out before the next step. */
export function storeSnapshot(live: AnyMachineSnapshot): StoredSnapshot {
  assertSerialisable(live.context, 'context');
  const stored: StoredSnapshot = { status: live.status, value: live.value, context: live.context };
  if (live.output !== undefined) {
    assertSerialisable(live.output, 'output');
    stored.output = live.output;
  }
  for (const name in live.historyValue) {
    stored.historyValue ??= {};
    stored.historyValue[name] = (live.historyValue[name] ?? []).map((node) => ({ id: node.id }));
  }
  return stored;
}

/**
 * Makes it live again; invocations under way become its children once more, so that leaving their state ends them. Throws
 * `VersionMismatch` when the machine has no such state: it was changed and its version was not.
 */
export function reviveSnapshot(
  kind: Kind,
  address: string,
  stored: StoredSnapshot,
  effects: Iterable<PendingEffect>,
): AnyMachineSnapshot {
  const children: Record<string, unknown> = {};
  for (const effect of effects) {
    if (effect.kind !== 'invoke') continue;
    const snapshot = { status: 'active', output: undefined, error: undefined, input: effect.input };
    children[effect.id] = { src: effect.source, snapshot, syncSnapshot: false };
  }
  const persisted = { historyValue: {}, output: undefined, error: undefined, ...stored, children };
  try {
    return kind.machine.restoreSnapshot(
      persisted as unknown as Parameters<typeof kind.machine.restoreSnapshot>[0], // the shape of getPersistedSnapshot()
      NO_PARENT,
    );
  } catch (error) {
    const where = `${address} is in ${JSON.stringify(stored.value)}, which the machine of version ${kind.version} does not have`;
    const wayOut = `count its version up and give register('${kind.name}', { migrate })`;
    throw new VersionMismatch(`${where} (${textOf(error)}): ${wayOut}; ${lookAt(address)}`, { cause: error });
  }
}

/** Commands of this package, for whoever reads the error. */
function lookAt(address: string): string {
  return `\`understudy actors history ${address}\` shows what is stored`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Only `self` is read, as parent of the revived children; they are never started.
const NO_PARENT = {} as AnyActorScope;

/** Takes a stored snapshot to the registered version. Throws `VersionMismatch`. */
export function migrateSnapshot(kind: Kind, address: string, stored: StoredSnapshot, version: number): StoredSnapshot {
  if (version === kind.version) return stored;
  const both = `${address} is of version ${version}, the machine of version ${kind.version}`;
  if (version > kind.version) {
    throw new VersionMismatch(`${both}: this host runs older code, update or stop it; ${lookAt(address)}`);
  }
  if (kind.migrate === undefined) {
    const wayOut = `give register('${kind.name}', { migrate }) a function that takes version ${version}`;
    throw new VersionMismatch(`${both}: ${wayOut}, or run the old code; ${lookAt(address)}`);
  }
  try {
    return storedSnapshot.parse(kind.migrate(stored, version));
  } catch (error) {
    const what =
      error instanceof z.ZodError ? `returned no snapshot: ${z.prettifyError(error)}` : `threw: ${textOf(error)}`;
    throw new VersionMismatch(`${both}: its migrate ${what}; ${lookAt(address)}`, { cause: error });
  }
}
