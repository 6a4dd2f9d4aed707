import { InvalidSettings } from './errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { OwnershipOptions } from './ownership.ts';
import type { OnError } from './registration.ts';

const HOST = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Transports let at most this much be outstanding (see `Delivery`): an actor must remember more. */
const LEAST: Partial<Record<keyof Limits, number>> = {
  idsRemembered: DEFAULT_LIMITS.idsRemembered,
  sendersRemembered: DEFAULT_LIMITS.sendersRemembered,
  fullMailboxWaitMs: 0,
};

/** Throws `InvalidSettings` naming the first that cannot work. */
export function assertSettings(host: string, limits: Limits, ownership: OwnershipOptions): void {
  if (!HOST.test(host)) {
    throw new InvalidSettings(
      `host ${JSON.stringify(host)}: want 1 to 64 letters, digits, "-", "_" (it names message subjects)`,
    );
  }
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'number') {
      const assert = name.endsWith('Ms') ? assertNumber : assertWhole;
      assert(`limits.${name}`, value, LEAST[name as keyof Limits] ?? 1); // its own keys
    } else {
      assertNumber(`limits.${name}.firstMs`, value.firstMs, 0);
      assertNumber(`limits.${name}.maxMs`, value.maxMs, value.firstMs);
    }
  }
  assertNumber('membership.sweepEveryMs', ownership.sweepEveryMs, 1);
  assertNumber('membership.joinMs', ownership.joinMs, 0);
  assertNumber('membership.aliveEveryMs', ownership.aliveEveryMs, 1);
  assertNumber('membership.deadAfterMs', ownership.deadAfterMs, 2 * ownership.aliveEveryMs);
}

/** Throws `InvalidSettings`. */
export function assertKind(name: string, version: number, { maxFailures }: OnError): void {
  // Zero and below are versions too.
  assertWhole(`version of kind ${name}`, version, Number.MIN_SAFE_INTEGER);
  assertWhole(`onError.maxFailures of kind ${name}`, maxFailures, 1);
}

function assertNumber(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new InvalidSettings(`${name} is ${value}, needs at least ${least}`);
}

function assertWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value)) throw new InvalidSettings(`${name} is ${value}, needs to be a whole number`);
  assertNumber(name, value, least);
}
