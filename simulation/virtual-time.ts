/** A planned event. */
export interface Planned {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/**
 * Simulated time and the queue of everything that will happen. Two events of one instant happen in the order in which
 * they were planned. After each event every promise that became ready has run before the next event begins; nothing
 * depends on real time, so a run is a function of what was planned.
 */
export class VirtualTime {
  #now = 0;
  #order = 0;
  #fired = 0;
  readonly #heap: Entry[] = [];

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
    const entry: Entry = { at: Math.max(at, this.#now), order: this.#order++, fire };
    this.#push(entry);
    return {
      cancel: () => {
        entry.fire = undefined;
      },
    };
  }

  /** Lets everything planned up to `untilMs` happen; `afterEach` runs after each event and its promises. */
  async run(untilMs: number, afterEach: () => void): Promise<void> {
    await settle();
    afterEach();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) break;
      this.#pop();
      if (next.fire === undefined) continue;
      this.#now = next.at;
      this.#fired += 1;
      next.fire();
      await settle();
      afterEach();
    }
    this.#now = Math.max(this.#now, untilMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let child = heap.length;
    heap.push(entry);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, entry)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = entry;
  }

  #pop(): void {
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

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves when all promises that are ready, and all that they make ready, have run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
