import type { MessageDeleter } from './message-deleter.ts';

const INTERVAL_MS = 1_000;
/** Below this many, single removals are cheaper for the servers than a purge, which walks all messages in between. */
const WORTH_A_PURGE = 16;

interface Acknowledged {
  readonly sequence: number;
  readonly removed: () => void;
  /** True once a round left it because something before it is still open. */
  waited: boolean;
}

/**
 * Removes the acknowledged messages of one partition, about once a second: everything below the oldest message still
 * being worked on by one purge, what is acknowledged beyond that (one actor holds its message up) one by one.
 *
 * Invariant: messages are seen in rising sequence without gaps, so all below the oldest open one were acknowledged.
 */
export class MailboxCleaner {
  readonly #deleter: MessageDeleter;
  readonly #filter: string;
  /** In insertion order, which is rising. */
  readonly #open = new Set<number>();
  #acknowledged: Acknowledged[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deleter: MessageDeleter, filter: string) {
    this.#deleter = deleter;
    this.#filter = filter;
  }

  /** A message was seen; it stays until it is acknowledged. Rising order. */
  seen(sequence: number): void {
    this.#open.add(sequence);
  }

  /** Another owner removed it. */
  vanished(sequence: number): void {
    this.#open.delete(sequence);
  }

  /** Removes this one at once; `removed` is called when it is certainly gone. */
  acknowledgedAlone(sequence: number, removed: () => void): void {
    this.#open.delete(sequence);
    this.#deleter.delete(sequence, removed);
  }

  /** Removes it with others; `removed` is called when it is certainly gone. */
  acknowledged(sequence: number, removed: () => void = () => {}): void {
    this.#open.delete(sequence);
    if (this.#closed) {
      this.#deleter.delete(sequence, removed);
      return;
    }
    this.#acknowledged.push({ sequence, removed, waited: false });
    this.#timer ??= setTimeout(() => this.#round(), INTERVAL_MS);
  }

  /** Somebody waits for the removals. */
  hurry(): void {
    if (this.#timer === undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#round();
  }

  /** Removes what is acknowledged so far; later acknowledgements are removed at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const each of this.#acknowledged) each.waited = true;
    this.#round();
    await this.#deleter.idle();
  }

  #round(): void {
    this.#timer = undefined;
    const [oldestOpen = Number.POSITIVE_INFINITY] = this.#open;
    const below: Acknowledged[] = [];
    const beyond: Acknowledged[] = [];
    for (const each of this.#acknowledged) {
      if (each.sequence < oldestOpen) below.push(each);
      else if (each.waited) this.#deleter.delete(each.sequence, each.removed);
      else beyond.push({ ...each, waited: true });
    }
    if (below.length < WORTH_A_PURGE) for (const each of below) this.#deleter.delete(each.sequence, each.removed);
    else {
      const highest = below.reduce((most, each) => Math.max(most, each.sequence), 0);
      this.#deleter.purge(this.#filter, highest + 1, () => {
        for (const each of below) each.removed();
      });
    }
    this.#acknowledged = beyond;
    if (beyond.length > 0 && !this.#closed) this.#timer = setTimeout(() => this.#round(), INTERVAL_MS);
  }
}
