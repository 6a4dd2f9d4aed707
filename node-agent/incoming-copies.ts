import type { Clock } from '#actors';
import type { VmId } from '#machines';

/** A migration that takes longer is given up: what arrived of it is removed. */
export const INCOMING_MS = 600_000;

/** A source whose copy has arrived gives its lease back within moments; one that still has it after this runs on. */
const LEFT_BEHIND_MS = 60_000;

/**
 * Suspended copies that are on their way here by migration, each of one epoch. Only what this process was told counts: after
 * a restart of the agent nothing is expected, and such copies are removed like any other that is not ours.
 */
export class IncomingCopies {
  readonly #clock: Clock;
  readonly #expected = new Map<VmId, { readonly epoch: number; readonly attempt: string; readonly untilMs: number }>();

  /** Whole ones whose source had the VM still, since when. */
  readonly #wholeSinceMs = new Map<VmId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(vm: VmId, epoch: number, attempt: string): void {
    this.#expected.set(vm, { epoch, attempt, untilMs: this.#clock.nowMs() + INCOMING_MS });
    this.#wholeSinceMs.delete(vm);
  }

  has(vm: VmId, epoch: number): boolean {
    const found = this.#expected.get(vm);
    return found !== undefined && found.epoch === epoch && this.#clock.nowMs() < found.untilMs;
  }

  /**
   * The epoch alone does not tell: an attempt that failed may have left a whole copy here while the source ran on, and the
   * next one, to another node, has the same epoch.
   */
  isFor(vm: VmId, epoch: number, attempt: string): boolean {
    return this.has(vm, epoch) && this.#expected.get(vm)?.attempt === attempt;
  }

  /**
   * Told at each look whether it is whole while its source has the VM. True once that has been so for long: the source did not
   * hear that it arrived, and runs on.
   */
  isLeftBehind(vm: VmId, isWholeAndHeld: boolean): boolean {
    if (!isWholeAndHeld) {
      this.#wholeSinceMs.delete(vm);
      return false;
    }
    const nowMs = this.#clock.nowMs();
    const sinceMs = this.#wholeSinceMs.get(vm) ?? nowMs;
    this.#wholeSinceMs.set(vm, sinceMs);
    return nowMs - sinceMs >= LEFT_BEHIND_MS;
  }

  forget(vm: VmId): void {
    this.#expected.delete(vm);
    this.#wholeSinceMs.delete(vm);
  }
}
