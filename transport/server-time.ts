/** How long an estimate is used before it is made anew. */
const FRESH_MS = 60_000;
/** The clocks of a cluster's servers differ by less than this, so that nothing scheduled comes early. */
const SKEW_MS = 1_000;

/**
 * The servers' time of day, which schedules are given in, told from one answer of theirs and this process's monotonic clock:
 * this machine's own time of day plays no part. Never behind the server that answered, so schedules come late, not early.
 */
export class ServerTime {
  readonly #ask: () => Promise<string>;
  /** Server time minus monotonic time, at most. */
  #offsetMs: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;

  /** `ask` returns the time in an answer of the servers (RFC 3339). */
  constructor(ask: () => Promise<string>) {
    this.#ask = ask;
  }

  /** When it will be `delayMs` later than now on every server; undefined while not known. */
  after(delayMs: number): number | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs > FRESH_MS) void this.learn();
    return this.#offsetMs === undefined ? undefined : nowMs + this.#offsetMs + delayMs + SKEW_MS;
  }

  /** Resolves whether they answered or not: until they do, the last estimate is used. */
  async learn(): Promise<void> {
    const askedMs = performance.now();
    this.#askedMs = askedMs;
    try {
      const server = Date.parse(await this.#ask());
      if (Number.isFinite(server)) this.#offsetMs = server - askedMs;
    } catch {
      // Asked again with the next schedule.
      this.#askedMs = Number.NEGATIVE_INFINITY;
    }
  }
}
