import type { MessageDeleter } from './message-deleter.ts';

const INTERVAL_MS = 1_000;
/** Below this many, single removals are cheaper for the servers than a purge, which walks all messages in between. */
const WORTH_A_PURGE = 16;

/**
 * Removes the acknowledged messages of one partition, about once a second: everything below the oldest message still
 * being worked on by one purge, what is acknowledged beyond that (one actor holds its message up) one by one.
 *
 * Invariant: messages are handed out in rising sequence without gaps, so all below the oldest open one were acknowledged.
 */
export class MailboxCleaner {
  readonly #deleter: MessageDeleter;
  readonly #filter: string;
  /** In insertion order, which is rising. */
  readonly #open = new Set<number>();
  #acknowledged: number[] = [];
  /** Those of `#acknowledged` that had been there at the last round already. */
  #waited = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deleter: MessageDeleter, filter: string) {
    this.#deleter = deleter;
    this.#filter = filter;
  }

  handedOut(sequence: number): void {
    this.#open.add(sequence);
  }

  /** Removes this one at once; `removed` is called when it is certainly gone. */
  acknowledgedAlone(sequence: number, removed: () => void): void {
    this.#open.delete(sequence);
    this.#deleter.delete(sequence, removed);
  }

  acknowledged(sequence: number): void {
    this.#open.delete(sequence);
    if (this.#closed) {
      this.#deleter.delete(sequence);
      return;
    }
    this.#acknowledged.push(sequence);
    this.#timer ??= setTimeout(() => this.#round(), INTERVAL_MS);
  }

  /** Removes what is acknowledged so far; later acknowledgements are removed at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#waited = this.#acknowledged.length;
    this.#round();
    await this.#deleter.idle();
  }

  #round(): void {
    this.#timer = undefined;
    const [oldestOpen = Number.POSITIVE_INFINITY] = this.#open;
    const below: number[] = [];
    const beyond: number[] = [];
    for (const [index, sequence] of this.#acknowledged.entries()) {
      if (sequence < oldestOpen) below.push(sequence);
      else if (index < this.#waited) this.#deleter.delete(sequence);
      else beyond.push(sequence);
    }
    if (below.length < WORTH_A_PURGE) for (const sequence of below) this.#deleter.delete(sequence);
    else this.#deleter.purge(this.#filter, below.reduce((a, b) => Math.max(a, b)) + 1);
    this.#acknowledged = beyond;
    this.#waited = beyond.length;
    if (beyond.length > 0 && !this.#closed) this.#timer = setTimeout(() => this.#round(), INTERVAL_MS);
  }
}
