import type { Alert } from './alert.ts';
import type { Clock } from './clock.ts';
import type { CyclePoint } from './cycle-point.ts';
import type { Limits } from './limits.ts';
import type { Kind } from './registration.ts';
import type { Address, Transport } from './transport.ts';

/** What every actor on a host shares. */
export interface HostContext {
  readonly host: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: Limits;
  /** The servers wake actors for timers from this length on; undefined where they do not. */
  readonly wakeFromMs: number | undefined;
  readonly alert: (alert: Alert) => void;
  /** Throws `UnknownKind`. */
  readonly kindFor: (address: Address) => Kind;
  /** Undefined when none is registered. */
  readonly kindOf: (address: Address) => Kind | undefined;
  /** New each time, and never the same on two hosts or two lives of a host. */
  readonly freshId: () => string;
  readonly onCyclePoint: (point: CyclePoint, address: Address) => void;
}
