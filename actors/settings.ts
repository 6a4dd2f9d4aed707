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

/** Throws `InvalidSettings` naming the first that cannot work. */
export function assertSettings(host: string, limits: Limits, ownership: OwnershipOptions): void {
  if (!HOST.test(host)) {
    throw new InvalidSettings(
      `host ${JSON.stringify(host)}: want 1 to 64 letters, digits, "-", "_" (it names message subjects)`,
    );
  }
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'number')
      assertNumber(`limits.${name}`, value, LEAST[name as keyof Limits] ?? 1); // its own keys
    else {
      assertNumber(`limits.${name}.firstMs`, value.firstMs, 0);
      assertNumber(`limits.${name}.maxMs`, value.maxMs, value.firstMs);
    }
  }
  assertNumber('membership.aliveEveryMs', ownership.aliveEveryMs, 1);
  assertNumber('membership.deadAfterMs', ownership.deadAfterMs, 2 * ownership.aliveEveryMs);
}

function assertNumber(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new InvalidSettings(`${name} is ${value}, needs at least ${least}`);
}
