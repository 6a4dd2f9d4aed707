import { InvalidSettings } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { OwnershipOptions } from './ownership.ts';

const HOST = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Transports let at most this much be outstanding (see `Delivery`): an actor must remember more. */
const LEAST: Partial<Record<keyof Limits, number>> = {
  idsRemembered: DEFAULT_LIMITS.idsRemembered,
  sendersRemembered: DEFAULT_LIMITS.sendersRemembered,
  fullMailboxWaitMs: 0,
};

/** What an actor system is made of, from callers that may have no types. */
export interface Parts {
  readonly host: unknown;
  readonly transport: unknown;
  readonly clock: unknown;
  readonly random: unknown;
  readonly timers?: unknown;
}

const MEMBERSHIP: Record<keyof OwnershipOptions, true> = {
  ...{ joinMs: true, aliveEveryMs: true, deadAfterMs: true, sweepEveryMs: true },
};

/** Before anything else is looked at. Throws `InvalidSettings`. */
export function assertParts({ host, transport, clock, random, timers }: Parts): void {
  if (typeof host !== 'string' || !HOST.test(host)) {
    throw new InvalidSettings(
      `host ${JSON.stringify(host)}: want 1 to 64 letters, digits, "-", "_" (it names message subjects)`,
    );
  }
  assertHas('transport', transport, 'commit', 'one of `connectJetStream()`, or a MemoryTransport');
  assertHas('clock', clock, 'after', '`systemClock`');
  if (typeof random !== 'function') throw new InvalidSettings('random is no function: want `Math.random`');
  if (timers !== undefined && timers !== 'servers' && timers !== 'own') {
    throw new InvalidSettings(`timers is ${JSON.stringify(timers)}, needs to be "servers" or "own"`);
  }
}

/** Throws `InvalidSettings` naming the first that cannot work. */
export function assertSettings(limits: Limits, ownership: OwnershipOptions): void {
  for (const [name, value] of Object.entries(limits)) {
    assertKnown('limits', name, DEFAULT_LIMITS);
    if (typeof DEFAULT_LIMITS[name as keyof Limits] === 'number') {
      const assert = name.endsWith('Ms') ? assertNumber : assertWhole;
      assert(`limits.${name}`, value, LEAST[name as keyof Limits] ?? 1); // its own keys
    } else {
      assertNumber(`limits.${name}.firstMs`, value?.firstMs, 0);
      assertNumber(`limits.${name}.maxMs`, value.maxMs, value.firstMs);
    }
  }
  for (const name of Object.keys(ownership)) assertKnown('membership', name, MEMBERSHIP);
  assertNumber('membership.sweepEveryMs', ownership.sweepEveryMs, 1);
  assertNumber('membership.joinMs', ownership.joinMs, 0);
  assertNumber('membership.aliveEveryMs', ownership.aliveEveryMs, 1);
  assertNumber('membership.deadAfterMs', ownership.deadAfterMs, 2 * ownership.aliveEveryMs);
}

/** A name that nobody reads is a mistake: its default would go on in silence. */
function assertKnown(what: string, name: string, known: object): void {
  if (Object.hasOwn(known, name)) return;
  throw new InvalidSettings(`${what}.${name} is no setting: there are ${Object.keys(known).join(', ')}`);
}

function assertHas(what: string, value: unknown, method: string, want: string): void {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined;
  if (typeof found !== 'function') throw new InvalidSettings(`${what} is missing or is none: want ${want}`);
}

/** Throws `InvalidSettings`. */
export function assertTimeout(name: string, value: number): void {
  assertNumber(name, value, 0);
}

/** Throws `InvalidSettings`. */
export function assertCount(name: string, value: number): void {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new InvalidSettings(`${name} is ${value}, needs a number`);
}

function assertNumber(name: string, value: unknown, least: number): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return;
  throw new InvalidSettings(`${name} is ${shown(value)}, needs at least ${least}`);
}

export function assertWhole(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value)) throw new InvalidSettings(`${name} is ${shown(value)}, needs to be a whole number`);
  assertNumber(name, value, least);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
