/** Something planned; `fire` is undefined once it is cancelled. */
export class PlannedEvent {
  readonly at: number;
  readonly order: number;
  fire: (() => void) | undefined;
  readonly #heap: { cancelled: number };

  constructor(at: number, order: number, fire: () => void, heap: { cancelled: number }) {
    this.at = at;
    this.order = order;
    this.fire = fire;
    this.#heap = heap;
  }

  happen(): void {
    const { fire } = this;
    this.fire = undefined;
    fire?.();
  }

  /** Does nothing after it happened. */
  cancel(): void {
    if (this.fire === undefined) return;
    this.fire = undefined;
    this.#heap.cancelled += 1;
  }
}

/** Below this many entries cancelled ones are not worth removing. */
const SMALL = 256;

/** What is planned, by instant, and within one instant by the order of planning. Cancelled entries take no lasting room. */
export class EventHeap {
  /** Entries that are cancelled and still in the heap. */
  cancelled = 0;
  #order = 0;
  #heap: PlannedEvent[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(at: number, fire: () => void): PlannedEvent {
    if (this.#heap.length > SMALL && this.cancelled * 2 > this.#heap.length) this.#removeCancelled();
    const event = new PlannedEvent(at, this.#order++, fire, this);
    this.#heap.push(event);
    this.#rise(event);
    return event;
  }

  /** The next event not later than `untilMs`, undefined when there is none. */
  takeUntil(untilMs: number): PlannedEvent | undefined {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) return undefined;
      this.#removeFirst();
      if (next.fire !== undefined) return next;
      this.cancelled -= 1;
    }
  }

  #removeCancelled(): void {
    // An array in order is a heap.
    this.#heap = this.#heap
      .filter((event) => event.fire !== undefined)
      .sort((a, b) => a.at - b.at || a.order - b.order);
    this.cancelled = 0;
  }

  #rise(event: PlannedEvent): void {
    const heap = this.#heap;
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, event)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const a = heap[left];
      if (a === undefined) break;
      const b = heap[left + 1];
      const child = b !== undefined && before(b, a) ? left + 1 : left;
      const below = child === left ? a : b;
      if (below === undefined || before(last, below)) break;
      heap[parent] = below;
      parent = child;
    }
    heap[parent] = last;
  }
}

function before(a: PlannedEvent, b: PlannedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
