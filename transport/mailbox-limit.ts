import { type Address, MailboxFull } from '#actors';

/** Actors whose depth is estimated at once; beyond that all are asked anew. */
const MOST_ESTIMATES = 10_000;

interface Estimate {
  /** What the servers last said. */
  depth: number;
  /** Sent by this host and not in `depth` for certain. */
  sent: number;
  /** Of those, not answered yet: the next question may not count them. */
  unsettled: number;
  /** As many more may be sent until the servers are asked again. */
  left: number;
  question: Promise<void> | undefined;
}

/**
 * Keeps senders from outside from filling a mailbox without end. Counting is a question to the servers, so it is asked
 * once every tenth of the limit: a mailbox may be over its limit by a tenth for each other host that sends to it.
 */
export class MailboxLimit {
  readonly #limit: number;
  readonly #depthOf: (address: Address) => Promise<number>;
  readonly #estimates = new Map<Address, Estimate>();

  constructor(limit: number, depthOf: (address: Address) => Promise<number>) {
    this.#limit = limit;
    this.#depthOf = depthOf;
  }

  /** Sends a message from outside. Throws `MailboxFull` when the mailbox is at its limit, what counting it throws, and as `send`. */
  async admit<Result>(address: Address, send: () => Promise<Result>): Promise<Result> {
    const estimate = this.#estimateOf(address);
    for (let asked = false; estimate.left < 1 || this.#isAtLimit(estimate); asked = true) {
      if (asked && this.#isAtLimit(estimate)) {
        const held = estimate.depth + estimate.sent;
        throw new MailboxFull(
          `the mailbox of ${address} holds ${held} messages, its limit is ${this.#limit}: slow down`,
        );
      }
      await this.#ask(address, estimate);
    }
    estimate.left -= 1;
    estimate.sent += 1;
    estimate.unsettled += 1;
    try {
      return await send();
    } finally {
      estimate.unsettled -= 1;
    }
  }

  /** Asked by an actor after it sent a message: counts as one more. Answers at once most of the time. */
  isFull(address: Address): boolean | Promise<boolean> {
    const estimate = this.#estimateOf(address);
    estimate.left -= 1;
    estimate.sent += 1;
    if (estimate.left >= 0 && estimate.depth + estimate.sent <= this.#limit) return false;
    return this.#ask(address, estimate).then(() => estimate.depth >= this.#limit);
  }

  #isAtLimit({ depth, sent }: Estimate): boolean {
    return depth + sent >= this.#limit;
  }

  /** One question at a time: all who wait share its answer. */
  #ask(address: Address, estimate: Estimate): Promise<void> {
    estimate.question ??= this.#count(address, estimate).finally(() => {
      estimate.question = undefined;
    });
    return estimate.question;
  }

  async #count(address: Address, estimate: Estimate): Promise<void> {
    const before = estimate.sent - estimate.unsettled;
    estimate.depth = await this.#depthOf(address);
    // What was answered before the question is in its answer.
    estimate.sent -= before;
    estimate.left = Math.max(1, Math.floor(this.#limit / 10));
  }

  #estimateOf(address: Address): Estimate {
    const known = this.#estimates.get(address);
    if (known !== undefined) return known;
    if (this.#estimates.size >= MOST_ESTIMATES) this.#estimates.clear();
    const fresh = { depth: 0, sent: 0, unsettled: 0, left: Math.floor(this.#limit / 10), question: undefined };
    this.#estimates.set(address, fresh);
    return fresh;
  }
}
