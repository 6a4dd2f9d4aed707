import { z } from 'zod';

/** What a node tells its watchdog. `atMs`: when, by the machine's monotonic clock, which node and lab share. */
const word = z.discriminatedUnion('do', [
  z.object({ do: z.literal('arm'), timeoutMs: z.number().positive(), atMs: z.number() }),
  z.object({ do: z.literal('kick'), atMs: z.number() }),
]);
export type WatchdogWord = z.output<typeof word>;

/** Between two looks. */
export const WATCHDOG_LOOK_MS = 50;
/** So many looks in a row must find it overdue: 0.2 s, within the drift margin of the takeover bound. */
const LOOKS = 5;

/**
 * The hardware watchdog of one lab node, in the lab's process, so that it counts on when the node stands still. Kicks
 * carry the time at which they were made, and several looks must agree: so the lab's own pause neither resets a node
 * whose kicks were only not read yet, nor forgives one that stopped kicking meanwhile. Cannot be disarmed.
 */
export class HardwareWatchdog {
  #timeoutMs: number | undefined;
  #kickedMs = Number.NEGATIVE_INFINITY;
  #overdue = 0;

  /** A line from the node. What cannot be understood is no kick. */
  hear(line: string, nowMs: number): void {
    const { data } = word.safeParse(parse(line));
    if (data === undefined) return;
    if (data.do === 'arm') this.#timeoutMs = data.timeoutMs;
    this.#kickedMs = Math.max(this.#kickedMs, Math.min(data.atMs, nowMs));
  }

  /** Why the node must be reset now; undefined while it need not. Between two looks all that the node said must be read. */
  look(nowMs: number): string | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    const ageMs = nowMs - this.#kickedMs;
    this.#overdue = ageMs > this.#timeoutMs ? this.#overdue + 1 : 0;
    if (this.#overdue < LOOKS) return undefined;
    return `its hardware watchdog: nobody kicked it for ${(ageMs / 1000).toFixed(1)} s`;
  }
}

/** The clock of the stamps: since the machine's boot, the same for all its processes. */
export function machineNowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
