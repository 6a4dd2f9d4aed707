import type { MessageDeleter } from './message-deleter.ts';

/** Below this many, single removals are cheaper for the servers than a purge, which walks all messages in between. */
const WORTH_A_PURGE = 16;

interface Acknowledged {
  readonly sequence: number;
  readonly removed: () => void;
  /** How many rounds left it. */
  rounds: number;
}

export interface MailboxCleanerOptions {
  readonly deleter: Pick<MessageDeleter, 'delete' | 'purge'>;
  /** Subjects of the partition's mailboxes. */
  readonly filter: string;
  /** All messages of the partition up to this sequence were seen. */
  readonly position: () => number;
  /** Something was acknowledged. */
  readonly onAcknowledged: () => void;
}

/**
 * The messages of one partition between seen and certainly removed. Invariant: messages are seen in rising sequence
 * without gaps, so all below the oldest open one were acknowledged - and will stay so whoever serves the partition.
 */
export class MailboxCleaner {
  readonly #options: MailboxCleanerOptions;
  /** In insertion order, which is rising. */
  readonly #open = new Set<number>();
  #acknowledged: Acknowledged[] = [];
  #closed = false;

  constructor(options: MailboxCleanerOptions) {
    this.#options = options;
  }

  /** Every message of the partition below this sequence is done with. */
  get low(): number {
    for (const oldest of this.#open) return oldest;
    return this.#options.position() + 1;
  }

  /** How many wait to be removed. */
  get waiting(): number {
    return this.#acknowledged.length;
  }

  /** Sequence below which something waits to be removed: one above the oldest. Undefined when nothing waits. */
  get waitsBelow(): number | undefined {
    if (this.#acknowledged.length === 0) return undefined;
    return this.#acknowledged.reduce((least, each) => Math.min(least, each.sequence), Number.POSITIVE_INFINITY) + 1;
  }

  /** A message was seen; it stays until it is acknowledged. Rising order. */
  seen(sequence: number): void {
    this.#open.add(sequence);
  }

  /** Another owner removed it. */
  vanished(sequence: number): void {
    this.#open.delete(sequence);
  }

  /** `removed` is called when it is certainly gone. */
  acknowledged(sequence: number, removed: () => void = () => {}): void {
    this.#open.delete(sequence);
    if (this.#closed) {
      this.#options.deleter.delete(sequence, removed);
      return;
    }
    this.#acknowledged.push({ sequence, removed, rounds: 0 });
    this.#options.onAcknowledged();
  }

  /** Everything below is certainly gone. Counts a round for what is left. */
  removedBelow(sequence: number): void {
    const before = this.#acknowledged;
    this.#acknowledged = before.filter((each) => each.sequence >= sequence);
    for (const each of this.#acknowledged) each.rounds += 1;
    // Last, because what it leads to may acknowledge more.
    for (const each of before) if (each.sequence < sequence) each.removed();
  }

  /** Removes, for this partition alone, what was left by that many rounds. */
  removeLeft(rounds: number): void {
    const { deleter, filter } = this.#options;
    const { low } = this;
    const due = this.#acknowledged.filter((each) => each.rounds >= rounds);
    if (due.length === 0) return;
    const below = this.#acknowledged.filter((each) => each.sequence < low);
    const purged = below.length >= WORTH_A_PURGE;
    const now = new Set(purged ? [...below, ...due] : due);
    this.#acknowledged = this.#acknowledged.filter((each) => !now.has(each));
    if (purged) {
      deleter.purge(filter, low, () => {
        for (const each of below) each.removed();
      });
    }
    for (const each of due) if (!purged || each.sequence >= low) deleter.delete(each.sequence, each.removed);
  }

  /** Later acknowledgements are removed at once. */
  close(): void {
    this.#closed = true;
    this.removeLeft(0);
  }
}
