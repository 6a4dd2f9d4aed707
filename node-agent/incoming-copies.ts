import type { Clock } from '#actors';
import type { VmId } from '#machines';

/** A migration that takes longer is given up: what arrived of it is removed. */
export const INCOMING_MS = 600_000;

/**
 * Suspended copies that are on their way here by migration, each of one epoch. Only what this process was told counts: after
 * a restart of the agent nothing is expected, and such copies are removed like any other that is not ours.
 */
export class IncomingCopies {
  readonly #clock: Clock;
  readonly #expected = new Map<VmId, { readonly epoch: number; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(vm: VmId, epoch: number): void {
    this.#expected.set(vm, { epoch, untilMs: this.#clock.nowMs() + INCOMING_MS });
  }

  has(vm: VmId, epoch: number): boolean {
    const found = this.#expected.get(vm);
    return found !== undefined && found.epoch === epoch && this.#clock.nowMs() < found.untilMs;
  }

  forget(vm: VmId): void {
    this.#expected.delete(vm);
  }
}
