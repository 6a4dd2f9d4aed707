import { EventHeap } from './event-heap.ts';

/** A planned event. */
export interface Planned {
  cancel(): void;
}

/** Events for which a turn of the real event loop is booked at once: enough that the loop's own cost does not count. */
const TURNS_BOOKED = 512;

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
    if (!(delayMs >= 0)) throw new RangeError(`cannot plan ${delayMs} ms from now`);
    const at = Math.ceil((this.#now + delayMs) * 1000 - 1e-6) / 1000;
    return this.#events.add(at > this.#now ? at : this.#now, fire);
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
}

/**
 * Calls `turn` until it says false. All promises that are ready, and all that they make ready, run between two turns:
 * Node.js empties its microtask queue after each callback of `setImmediate`, also between callbacks of the same batch.
 */
function inTurns(turn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let goesOn = true;
    const take = () => {
      if (!goesOn) return;
      try {
        goesOn = turn();
        if (!goesOn) resolve();
      } catch (error) {
        goesOn = false;
        reject(error);
      }
    };
    const book = () => {
      for (let i = 0; i < TURNS_BOOKED; i += 1) setImmediate(take);
      setImmediate(() => {
        if (goesOn) book();
      });
    };
    book();
  });
}
