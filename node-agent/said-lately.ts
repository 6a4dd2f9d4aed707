import type { Clock } from '#actors';

const AGAIN_MS = 30_000;
/** Distinct texts remembered. */
const KEPT = 100;

/** Keeps a trouble that lasts from filling the log: each text, numbers aside, is news once in 30 s. */
export class SaidLately {
  readonly #clock: Clock;
  readonly #said = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isNews(text: string): boolean {
    const nowMs = this.#clock.nowMs();
    const key = text.replace(/\d+/g, '#'); // counters and ids differ each time
    const lastMs = this.#said.get(key);
    if (lastMs !== undefined && nowMs - lastMs < AGAIN_MS) return false;
    this.#said.delete(key); // to the end of the order
    this.#said.set(key, nowMs);
    const [oldest] = this.#said.keys();
    if (this.#said.size > KEPT && oldest !== undefined) this.#said.delete(oldest);
    return true;
  }
}
