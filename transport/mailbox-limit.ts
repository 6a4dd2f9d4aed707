import { type Address, MailboxFull } from '#actors';

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

  /** Throws `MailboxFull` when the mailbox is at its limit. */
  async check(address: Address): Promise<void> {
    const estimate = this.#estimates.get(address) ?? { depth: 0, sentSince: 0 };
    this.#estimates.set(address, estimate);
    estimate.sentSince += 1;
    if (estimate.sentSince > this.#limit / 10 || estimate.depth + estimate.sentSince > this.#limit) {
      estimate.sentSince = 1;
      estimate.depth = await this.#depthOf(address);
    }
    if (estimate.depth + 1 > this.#limit) {
      throw new MailboxFull(`the mailbox of ${address} holds ${estimate.depth} messages, its limit is ${this.#limit}`);
    }
  }
}
