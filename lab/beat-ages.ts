import type { Clock } from '#actors';

/** How long ago each counter was last seen to change, by this process's own clock (G3). */
export class BeatAges {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { value: string; atMs: number | undefined }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The first value of a counter says nothing about its age: only a change does. */
  see(key: string, value: string): void {
    const known = this.#seen.get(key);
    if (known?.value === value) return;
    this.#seen.set(key, { value, atMs: known === undefined ? undefined : this.#clock.nowMs() });
  }

  /** Ms since the last change; null when none was seen. */
  ageMs(key: string): number | null {
    const atMs = this.#seen.get(key)?.atMs;
    return atMs === undefined ? null : this.#clock.nowMs() - atMs;
  }
}
