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

  stop(): void {
    for (const { timer } of this.#armed.values()) timer.cancel();
    this.#armed.clear();
  }
}
