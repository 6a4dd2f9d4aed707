/** Whether an event is in the heap, and still wanted. */
type Planning = 'none' | 'waits' | 'cancelled';

/** What holds planned events and wants to know how many of them are cancelled. */
interface Holder {
  cancelled: number;
}

/** Something that may be planned, once at a time: again only after it began to happen. */
export abstract class PlannedEvent {
  /** The instant for which it is, or was, planned. */
  at = 0;
  /** Of two events of one instant the one planned first happens first. */
  order = 0;
  planning: Planning = 'none';
  /** Undefined for one that stands alone in the heap. */
  line: Line | undefined;
  #holder: Holder | undefined;

  abstract happen(): void;

  /** To be called by what takes it in. */
  planned(holder: Holder, at: number, order: number): void {
    if (this.planning !== 'none') throw new Error('an event that waits cannot be planned once more');
    this.planning = 'waits';
    this.at = at;
    this.order = order;
    this.#holder = holder;
  }

  /** To be called when something else takes it over. */
  movedTo(holder: Holder): void {
    this.#holder = holder;
  }

  /** Does nothing unless it waits. */
  cancel(): void {
    if (this.planning !== 'waits' || this.#holder === undefined) return;
    this.planning = 'cancelled';
    this.#holder.cancelled += 1;
  }
}

/** A call planned. */
class PlannedCall extends PlannedEvent {
  readonly #fire: () => void;

  constructor(fire: () => void) {
    super();
    this.#fire = fire;
  }

  happen(): void {
    this.#fire();
  }
}

/** Below this many entries cancelled ones are not worth removing. */
const SMALL = 256;

/**
 * Events that were all planned equally long before, so that they happen in the order of planning: deadlines, of which nearly
 * all are cancelled. Only the first of them needs a place in the heap.
 */
class Line implements Holder {
  /** By how long before they are planned. */
  readonly delayMs: number;
  cancelled = 0;
  #waiting: PlannedEvent[] = [];
  #gone = 0;

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  push(event: PlannedEvent): void {
    this.#waiting.push(event);
  }

  /** The next that is wanted; undefined when there is none. */
  shift(): PlannedEvent | undefined {
    while (this.#gone < this.#waiting.length) {
      const next = this.#waiting[this.#gone];
      this.#gone += 1;
      if (next?.planning === 'waits') return next;
      this.cancelled -= 1;
      if (next !== undefined) next.planning = 'none';
    }
    return undefined;
  }

  /** Lets go of what is gone, now and then. */
  trim(): void {
    if (this.#gone < SMALL || this.#gone * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#gone);
    this.#gone = 0;
  }
}

/** Children of one place: their instants lie side by side, so one more costs less than one more level. */
const WIDTH = 4;

/**
 * What is planned, by instant, and within one instant by the order of planning. Cancelled entries take no lasting room. Whoever
 * moves an event compares in place: an instant that is handed to a function becomes an object on its way there.
 */
export class EventHeap {
  /** Entries that are cancelled and still in the heap. */
  cancelled = 0;
  #order = 0;
  #size = 0;
  /** The instants of the first `#size` events: what is compared at every place on the way, apart from the objects. */
  #at = new Float64Array(SMALL);
  #events: PlannedEvent[] = [];
  /** Those that have an event in the heap. */
  readonly #lines = new Map<number, Line>();

  get size(): number {
    return this.#size;
  }

  add(at: number, fire: () => void): PlannedEvent {
    return this.plan(at, new PlannedCall(fire));
  }

  plan<Event extends PlannedEvent>(at: number, event: Event): Event {
    event.planned(this, at, this.#order++);
    this.#insert(event);
    return event;
  }

  /** The same as `plan`, cheaper: for one of many that are all planned `delayMs` before, and hardly ever happen. */
  planInLine(at: number, event: PlannedEvent, delayMs: number): void {
    const known = this.#lines.get(delayMs);
    const line = known ?? new Line(delayMs);
    event.planned(line, at, this.#order++);
    line.push(event);
    if (known !== undefined) return;
    this.#lines.set(delayMs, line);
    this.#follow(line);
  }

  /** The next of that line takes its place in the heap; a line without one ends. */
  #follow(line: Line): void {
    const next = line.shift();
    if (next === undefined) {
      this.#lines.delete(line.delayMs);
      return;
    }
    line.trim();
    next.line = line;
    next.movedTo(this);
    this.#insert(next);
  }

  #insert(event: PlannedEvent): void {
    if (this.#size > SMALL && this.cancelled * 2 > this.#size) this.#removeCancelled();
    if (this.#size === this.#at.length) {
      const wider = new Float64Array(this.#size * 2);
      wider.set(this.#at);
      this.#at = wider;
    }
    this.#rise(this.#size++, event.at, event);
  }

  /** The next event not later than `untilMs`, undefined when there is none. */
  takeUntil(untilMs: number): PlannedEvent | undefined {
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > untilMs) return undefined;
      this.#removeFirst();
      const isWanted = next.planning === 'waits';
      if (!isWanted) this.cancelled -= 1;
      this.#release(next);
      if (isWanted) return next;
    }
  }

  /** It has left the heap; who waits behind it comes in. */
  #release(event: PlannedEvent): void {
    event.planning = 'none';
    const { line } = event;
    if (line === undefined) return;
    event.line = undefined;
    this.#follow(line);
  }

  /** All but the first of a line: its place is there for those behind it. */
  #removeCancelled(): void {
    const kept: PlannedEvent[] = [];
    for (const event of this.#events) {
      if (event.planning === 'waits' || event.line !== undefined) kept.push(event);
      else event.planning = 'none';
    }
    // An array in order is a heap.
    kept.sort((a, b) => a.at - b.at || a.order - b.order);
    kept.forEach((event, place) => {
      this.#at[place] = event.at;
    });
    this.#events = kept;
    this.#size = kept.length;
    this.cancelled = kept.filter(({ planning }) => planning === 'cancelled').length;
  }

  /** Finds the place of an event that belongs at `from` or nearer to the first. */
  #rise(from: number, at: number, event: PlannedEvent): void {
    const ats = this.#at;
    const events = this.#events;
    let place = from;
    while (place > 0) {
      const parent = ((place - 1) / WIDTH) | 0;
      const above = events[parent];
      const aboveAt = ats[parent] ?? 0;
      if (above === undefined || aboveAt < at || (aboveAt === at && above.order < event.order)) break;
      ats[place] = aboveAt;
      events[place] = above;
      place = parent;
    }
    ats[place] = at;
    events[place] = event;
  }

  #removeFirst(): void {
    const ats = this.#at;
    const events = this.#events;
    const last = events.pop();
    this.#size = events.length;
    if (last === undefined || this.#size === 0) return;
    const { at: lastAt, order: lastOrder } = last;
    let place = 0;
    for (;;) {
      const first = place * WIDTH + 1;
      let least = events[first];
      if (least === undefined) break;
      let leastPlace = first;
      let leastAt = ats[first] ?? 0;
      const end = Math.min(first + WIDTH, this.#size);
      for (let child = first + 1; child < end; child += 1) {
        const other = events[child];
        const otherAt = ats[child] ?? 0;
        if (other === undefined || otherAt > leastAt || (otherAt === leastAt && other.order > least.order)) continue;
        least = other;
        leastPlace = child;
        leastAt = otherAt;
      }
      if (lastAt < leastAt || (lastAt === leastAt && lastOrder < least.order)) break;
      ats[place] = leastAt;
      events[place] = least;
      place = leastPlace;
    }
    ats[place] = lastAt;
    events[place] = last;
  }
}
