/** Whether an event is in the heap, and still wanted. */
type Planning = 'none' | 'waits' | 'cancelled';

/** Something that may be planned, once at a time: again only after it began to happen. */
export abstract class PlannedEvent {
  /** The instant for which it is, or was, planned. */
  at = 0;
  /** Of two events of one instant the one planned first happens first. */
  order = 0;
  planning: Planning = 'none';
  #heap: EventHeap | undefined;

  abstract happen(): void;

  /** To be called by the heap that takes it in. */
  planned(heap: EventHeap, at: number, order: number): void {
    if (this.planning !== 'none') throw new Error('an event that waits cannot be planned once more');
    this.planning = 'waits';
    this.at = at;
    this.order = order;
    this.#heap = heap;
  }

  /** Does nothing unless it waits. */
  cancel(): void {
    if (this.planning !== 'waits' || this.#heap === undefined) return;
    this.planning = 'cancelled';
    this.#heap.cancelled += 1;
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
/** Children of one place: their instants lie side by side, so one more costs less than one more level. */
const WIDTH = 4;

/** What is planned, by instant, and within one instant by the order of planning. Cancelled entries take no lasting room. */
export class EventHeap {
  /** Entries that are cancelled and still in the heap. */
  cancelled = 0;
  #order = 0;
  #size = 0;
  /** The instants of the first `#size` events: what is compared at every place on the way, apart from the objects. */
  #at = new Float64Array(SMALL);
  #events: PlannedEvent[] = [];

  get size(): number {
    return this.#size;
  }

  add(at: number, fire: () => void): PlannedEvent {
    return this.plan(at, new PlannedCall(fire));
  }

  plan<Event extends PlannedEvent>(at: number, event: Event): Event {
    if (this.#size > SMALL && this.cancelled * 2 > this.#size) this.#removeCancelled();
    event.planned(this, at, this.#order++);
    if (this.#size === this.#at.length) {
      const wider = new Float64Array(this.#size * 2);
      wider.set(this.#at);
      this.#at = wider;
    }
    this.#rise(this.#size++, at, event);
    return event;
  }

  /** The next event not later than `untilMs`, undefined when there is none. */
  takeUntil(untilMs: number): PlannedEvent | undefined {
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > untilMs) return undefined;
      this.#removeFirst();
      const isWanted = next.planning === 'waits';
      next.planning = 'none';
      if (isWanted) return next;
      this.cancelled -= 1;
    }
  }

  #removeCancelled(): void {
    const kept: PlannedEvent[] = [];
    for (const event of this.#events) {
      if (event.planning === 'waits') kept.push(event);
      else event.planning = 'none';
    }
    // An array in order is a heap.
    kept.sort((a, b) => a.at - b.at || a.order - b.order);
    kept.forEach((event, place) => {
      this.#at[place] = event.at;
    });
    this.#events = kept;
    this.#size = kept.length;
    this.cancelled = 0;
  }

  /** Finds the place of an event that belongs at `from` or nearer to the first. */
  #rise(from: number, at: number, event: PlannedEvent): void {
    const [ats, events] = [this.#at, this.#events];
    let place = from;
    while (place > 0) {
      const parent = ((place - 1) / WIDTH) | 0;
      const above = events[parent];
      const aboveAt = ats[parent] ?? 0;
      if (above === undefined || isBefore(aboveAt, above, at, event)) break;
      ats[place] = aboveAt;
      events[place] = above;
      place = parent;
    }
    ats[place] = at;
    events[place] = event;
  }

  #removeFirst(): void {
    const [ats, events] = [this.#at, this.#events];
    const last = events.pop();
    this.#size = events.length;
    if (last === undefined || this.#size === 0) return;
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
        if (other === undefined || !isBefore(otherAt, other, leastAt, least)) continue;
        least = other;
        leastPlace = child;
        leastAt = otherAt;
      }
      if (isBefore(last.at, last, leastAt, least)) break;
      ats[place] = leastAt;
      events[place] = least;
      place = leastPlace;
    }
    ats[place] = last.at;
    events[place] = last;
  }
}

function isBefore(atA: number, a: PlannedEvent, atB: number, b: PlannedEvent): boolean {
  return atA < atB || (atA === atB && a.order < b.order);
}
