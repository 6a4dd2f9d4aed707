/** Where in the shared memory what stands: the instant takes the first eight bytes, the numbers four each after it. */
const BYTES = 16;
const EVENTS = 2;
const PLAYS = 3;

/**
 * How far a playing thread has come, in memory that it shares with whoever watches it: a thread that stands in the midst of an
 * event answers no message. Written without real time; only the watcher knows how long nothing has changed.
 */
export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #instant: Float64Array;
  readonly #numbers: Int32Array;
  #events = 0;

  /** Undefined: memory of its own, to be given to the other side. */
  constructor(shared = new SharedArrayBuffer(BYTES)) {
    this.shared = shared;
    this.#instant = new Float64Array(shared, 0, 1);
    this.#numbers = new Int32Array(shared);
  }

  /** By the playing thread: it is there, or it took something up. */
  step(): void {
    this.#events = (this.#events + 1) | 0;
    Atomics.store(this.#numbers, EVENTS, this.#events);
  }

  /**
   * By the playing thread: an event of that instant begins, so the one before it has ended. Written without `Atomics`, at a
   * third of the cost: there are many events, and who looks once a second need not see the very last.
   */
  eventBegins(atMs: number): void {
    this.#events = (this.#events + 1) | 0;
    this.#instant[0] = atMs;
    this.#numbers[EVENTS] = this.#events;
  }

  /** By the playing thread: a world begins at its instant 0. */
  playBegins(): void {
    Atomics.add(this.#numbers, PLAYS, 1);
    this.eventBegins(0);
  }

  /** By the watcher, while nothing is played: as of the next task nothing was done. */
  taskBegins(): void {
    this.#instant[0] = 0;
    Atomics.store(this.#numbers, PLAYS, 0);
  }

  /** Changes with every event; 0 before the thread is there. */
  get events(): number {
    return Atomics.load(this.#numbers, EVENTS);
  }

  /** How many worlds the task has begun: a second one is the same run without jumps of its wall clocks. */
  get plays(): number {
    return Atomics.load(this.#numbers, PLAYS);
  }

  /** The instant of the last event that began; whole once `events` no longer changes. */
  get atMs(): number {
    return this.#instant[0] ?? 0;
  }
}
