import type { AnyActorScope, AnyMachineSnapshot } from 'xstate';
import type { PendingEffect, StoredSnapshot } from './envelope.ts';
import { VersionMismatch } from './errors.ts';
import type { Kind } from './registration.ts';
import { assertSerialisable } from './serialisable.ts';

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

/** Makes it live again; invocations under way become its children once more, so that leaving their state ends them. */
export function reviveSnapshot(
  kind: Kind,
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
  return kind.machine.restoreSnapshot(
    persisted as unknown as Parameters<typeof kind.machine.restoreSnapshot>[0], // the shape of getPersistedSnapshot()
    NO_PARENT,
  );
}

// Only `self` is read, as parent of the revived children; they are never started.
const NO_PARENT = {} as AnyActorScope;

/** Takes a stored snapshot to the registered version. Throws `VersionMismatch`. */
export function migrateSnapshot(kind: Kind, address: string, stored: StoredSnapshot, version: number): StoredSnapshot {
  if (version === kind.version) return stored;
  if (kind.migrate !== undefined && version < kind.version) return kind.migrate(stored, version);
  const need =
    version < kind.version
      ? `register('${kind.name}', { migrate }) must take version ${version}`
      : `this host runs older code: update it, or stop it`;
  throw new VersionMismatch(`${address} is of version ${version}, the machine of version ${kind.version}: ${need}`);
}
