import { type Clock, sleep } from '#actors';
import { StorageUnavailable } from '#ports';

const GATE_POLL_MS = 20;

/** What bounds every call, and the lab's way to cut the storage link. */
export interface CallLimits {
  readonly clock: Clock;
  /** After this a call throws `StorageUnavailable`, whatever the file system does. */
  readonly deadlineMs: number;
  /** True: the storage link is cut. Calls then hang as on a dead link and throw at their deadline. */
  readonly gate?: (() => boolean) | undefined;
}

/** One call under way. */
export class Call {
  readonly what: string;
  readonly #limits: CallLimits;
  readonly #dueMs: number;

  constructor(what: string, limits: CallLimits) {
    this.what = what;
    this.#limits = limits;
    this.#dueMs = limits.clock.nowMs() + limits.deadlineMs;
  }

  /** Nothing new may begin for a call whose caller was told that it failed: throws `StorageUnavailable` then. */
  check(): void {
    if (this.#limits.clock.nowMs() >= this.#dueMs) throw this.lateError();
  }

  async pause(delayMs: number): Promise<void> {
    this.check();
    await sleep(this.#limits.clock, delayMs);
    this.check();
  }

  /** Resolves at once while the link is whole. */
  async linked(): Promise<void> {
    while (this.#limits.gate?.() === true) await this.pause(GATE_POLL_MS);
    this.check();
  }

  lateError(): StorageUnavailable {
    return new StorageUnavailable(`${this.what}: no answer from shared storage within ${this.#limits.deadlineMs} ms`);
  }
}
