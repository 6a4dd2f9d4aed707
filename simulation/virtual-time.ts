import { EventHeap, type PlannedEvent } from './event-heap.ts';
import { emptyMicrotasks } from './real/empty-microtasks.ts';
import { nextTurn } from './real/next-turn.ts';
import { PlanningTrace, TimeStandsStill } from './standstill.ts';

/** A planned event. */
export interface Planned {
  cancel(): void;
}

/** So many events happen in one turn of the real event loop, which then gets its turn: signals, messages of workers. */
const EVENTS_A_TURN = 512;

/** Hears, on every event, that it begins. */
export interface EventListener {
  eventBegins(atMs: number): void;
}

/** More events than any test of a part of the world needs in one simulated second. */
const MOST_EVENTS_A_SECOND = 1_000_000;

/** So many events of a second that has too many are looked at closely before the run is given up. */
const LOOKED_AT = 1000;

/**
 * Simulated time and the queue of everything that will happen. Two events of one instant happen in the order in which
 * they were planned. After each event every promise that became ready has run before the next event begins; nothing
 * depends on real time, so a run is a function of what was planned.
 */
export class VirtualTime {
  #now = 0;
  #fired = 0;
  readonly #events = new EventHeap();
  readonly #mostASecond: number;
  readonly #listener: EventListener | undefined;
  /** The second that is counted: where it began and ends, and how many events it has had. */
  #secondBegan = 0;
  #secondEnds = 0;
  #inSecond = 0;
  #trace: PlanningTrace | undefined;

  /**
   * `mostEventsASecond`: with more than that in a stretch of one simulated second, most of all at one instant, the run is taken
   * for one that does not go on.
   */
  constructor(mostEventsASecond = MOST_EVENTS_A_SECOND, listener?: EventListener) {
    this.#mostASecond = mostEventsASecond;
    this.#listener = listener;
  }

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

  /**
   * Lets everything planned up to `untilMs` happen; `afterEach` runs after each event and its promises. Rejects with
   * `TimeStandsStill` when events follow each other without end.
   */
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
      this.#count(next.at);
      this.#listener?.eventBegins(next.at);
      next.happen();
      return true;
    });
  }

  #count(at: number): void {
    if (at >= this.#secondEnds) {
      this.#secondBegan = at;
      this.#secondEnds = at + 1000;
      this.#inSecond = 0;
      this.#trace = undefined;
    }
    this.#inSecond += 1;
    if (this.#inSecond > this.#mostASecond) this.#tooMany(at);
  }

  #tooMany(at: number): void {
    this.#trace ??= new PlanningTrace();
    if (this.#inSecond <= this.#mostASecond + LOOKED_AT) return;
    throw new TimeStandsStill(this.#inSecond, this.#secondBegan, at, this.#trace.commonest());
  }

  #instant(delayMs: number): number {
    this.#trace?.note();
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
      nextTurn(many);
    };
    nextTurn(many);
  });
}
