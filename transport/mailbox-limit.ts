import { type Address, MailboxFull } from '#actors';

/** Actors whose depth is estimated at once; beyond that all are asked anew. */
const MOST_ESTIMATES = 10_000;

interface Estimate {
  depth: number;
  sentSince: number;
}

/**
 * Keeps senders from outside from filling a mailbox without end. Counting is a question to the servers, so it is asked
 * once every tenth of the limit: a mailbox may be over its limit by a tenth for each sender.
 */
export class MailboxLimit {
  readonly #limit: number;
  readonly #depthOf: (address: Address) => Promise<number>;
  readonly #estimates = new Map<Address, Estimate>();

  constructor(limit: number, depthOf: (address: Address) => Promise<number>) {
    this.#limit = limit;
    this.#depthOf = depthOf;
  }

  /** Throws `MailboxFull` when the mailbox is at its limit. To be asked before each message. */
  async check(address: Address): Promise<void> {
    if (!(await this.isFull(address))) return;
    const { depth } = this.#estimateOf(address);
    throw new MailboxFull(`the mailbox of ${address} holds ${depth} messages, its limit is ${this.#limit}: slow down`);
  }

  /** Counts as one more message sent. Answers at once most of the time. */
  isFull(address: Address): boolean | Promise<boolean> {
    const estimate = this.#estimateOf(address);
    estimate.sentSince += 1;
    if (estimate.sentSince <= this.#limit / 10 && estimate.depth + estimate.sentSince <= this.#limit) return false;
    return this.#askAgain(address, estimate);
  }

  async #askAgain(address: Address, estimate: Estimate): Promise<boolean> {
    estimate.sentSince = 1;
    estimate.depth = await this.#depthOf(address);
    return estimate.depth + 1 > this.#limit;
  }

  #estimateOf(address: Address): Estimate {
    const known = this.#estimates.get(address);
    if (known !== undefined) return known;
    if (this.#estimates.size >= MOST_ESTIMATES) this.#estimates.clear();
    const fresh = { depth: 0, sentSince: 0 };
    this.#estimates.set(address, fresh);
    return fresh;
  }
}
