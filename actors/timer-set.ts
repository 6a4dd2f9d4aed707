import type { PendingTimer } from './actor-state.ts';
import type { Clock, Timer } from './clock.ts';

/** The armed timers of one actor, kept in step with what its state says. */
export class TimerSet {
  readonly #clock: Clock;
  readonly #fire: (id: string, timer: PendingTimer) => void;
  readonly #armed = new Map<string, { pending: PendingTimer; timer: Timer }>();

  constructor(clock: Clock, fire: (id: string, timer: PendingTimer) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  follow(pending: ReadonlyMap<string, PendingTimer>): void {
    for (const [id, armed] of this.#armed) {
      if (pending.get(id) !== armed.pending) {
        armed.timer.cancel();
        this.#armed.delete(id);
      }
    }
    for (const [id, each] of pending) {
      if (this.#armed.has(id)) continue;
      const timer = this.#clock.after(Math.max(0, each.dueMs - this.#clock.nowMs()), () => this.#fire(id, each));
      this.#armed.set(id, { pending: each, timer });
    }
  }

  /**
   * Of what was loaded again, puts back what this host follows already: the same arming, and its clock knows when it is due.
   * Invariant: what is followed was committed, so a step that failed here gives nothing to another's timer. Timers of old
   * journals do not say which step armed them (0): each may be another.
   */
  recall(loaded: Map<string, PendingTimer>): void {
    for (const [id, { pending }] of this.#armed) {
      if (pending.armed > 0 && loaded.get(id)?.armed === pending.armed) loaded.set(id, pending);
    }
  }

  stop(): void {
    for (const { timer } of this.#armed.values()) timer.cancel();
    this.#armed.clear();
  }
}
