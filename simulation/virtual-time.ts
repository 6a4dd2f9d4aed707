import { emptyMicrotasks } from './empty-microtasks.ts';
import { EventHeap, type PlannedEvent } from './event-heap.ts';

/** A planned event. */
export interface Planned {
  cancel(): void;
}

/** So many events happen in one turn of the real event loop, which then gets its turn: signals, messages of workers. */
const EVENTS_A_TURN = 512;

/**
 * Simulated time and the queue of everything that will happen. Two events of one instant happen in the order in which
 * they were planned. After each event every promise that became ready has run before the next event begins; nothing
 * depends on real time, so a run is a function of what was planned.
 */
export class VirtualTime {
  #now = 0;
  #fired = 0;
  readonly #events = new EventHeap();

  /** True simulated milliseconds since the world began. Only the world may read it; processes have their own clocks. */
  get now(): number {
    return this.#now;
  }

  /** How many events have happened. */
  get fired(): number {
    return this.#fired;
  }

  /** Plans `fire` for `delayMs` from now, rounded up to a microsecond. */
  after(delayMs: number, fire: () => void): Planned {
    return this.#events.add(this.#instant(delayMs), fire);
  }

  /** The same for an event that knows itself what it does. It must not wait already. */
  plan(delayMs: number, event: PlannedEvent): void {
    this.#events.plan(this.#instant(delayMs), event);
  }

  /** The same for a deadline: one of many equally long ones that hardly ever come. */
  planDeadline(delayMs: number, event: PlannedEvent): void {
    this.#events.planInLine(this.#instant(delayMs), event, delayMs);
  }

  /** Lets everything planned up to `untilMs` happen; `afterEach` runs after each event and its promises. */
  run(untilMs: number, afterEach: () => void): Promise<void> {
    return inTurns(() => {
      afterEach();
      const next = this.#events.takeUntil(untilMs);
      if (next === undefined) {
        this.#now = Math.max(this.#now, untilMs);
        return false;
      }
      this.#now = next.at;
      this.#fired += 1;
      next.happen();
      return true;
    });
  }

  #instant(delayMs: number): number {
    if (!(delayMs >= 0)) throw new RangeError(`cannot plan ${delayMs} ms from now`);
    const at = Math.ceil((this.#now + delayMs) * 1000 - 1e-6) / 1000;
    return at > this.#now ? at : this.#now;
  }
}

/** Calls `turn` until it says false. All promises that are ready, and all that they make ready, run between two turns. */
function inTurns(turn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const many = () => {
      try {
        for (let left = emptyMicrotasks === undefined ? 1 : EVENTS_A_TURN; left > 0; left -= 1) {
          if (!turn()) return resolve();
          emptyMicrotasks?.();
        }
      } catch (error) {
        return reject(error);
      }
      setImmediate(many);
    };
    setImmediate(many);
  });
}
