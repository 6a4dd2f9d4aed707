import {
  type MailboxMessage,
  PayloadTooLarge,
  partitionOf,
  type ScheduledMessage,
  type StepCommit,
  TooManyMessages,
} from '#actors';
import type { Letter } from './pack.ts';
import type { StreamWrite } from './raw-publish.ts';
import type { ServerTime } from './server-time.ts';
import type { Subjects } from './subjects.ts';

/** What the servers take in one atomic batch. */
const MOST_WRITES = 1_000;
/** More takes slow servers longer than a write may take, and holds up all others meanwhile. */
const MOST_BYTES = 4_000_000;
/** The servers read dates of four-digit years only. */
const LAST_DATE_MS = Date.UTC(9_999, 11);

export interface StepWritesOptions {
  readonly subjects: Subjects;
  readonly serverTime: ServerTime;
  /** Of one message without its headers: what the servers take now. */
  readonly maxBodyBytes: () => number;
}

/** What is written to the stream for a step: its journal, what it sends, its timers. Refuses what the servers never take. */
export class StepWrites {
  readonly #options: StepWritesOptions;

  constructor(options: StepWritesOptions) {
    this.#options = options;
  }

  /** Throws `PayloadTooLarge`. */
  journal({ address, body, expectedSequence, commitId }: StepCommit): StreamWrite {
    const data = this.#encode(body, `the snapshot of ${address}`);
    return { subject: this.#options.subjects.journal(address), data, expected: expectedSequence, commitId };
  }

  /** Throws `TooManyMessages` before all of them are encoded (that alone would hold up the host), `PayloadTooLarge`. */
  letters({ address, outgoing }: StepCommit): readonly Letter[] {
    let bytes = 0;
    return outgoing.map((message, index) => {
      const letter = this.#letter(message);
      bytes += letter.data.length;
      if (bytes <= MOST_BYTES) return letter;
      throw new TooManyMessages(
        `${index + 1} of ${outgoing.length} messages of a step of ${address} have ${bytes} bytes, the servers take ${MOST_BYTES} at once: send them in several steps`,
      );
    });
  }

  /** The timers that the servers keep as well. */
  schedules({ scheduled }: StepCommit): readonly StreamWrite[] {
    return (scheduled ?? []).flatMap((each) => this.#schedule(each) ?? []);
  }

  /** Throws `PayloadTooLarge`. */
  mailbox(message: MailboxMessage): StreamWrite {
    const { subject, data } = this.#letter(message);
    return { subject, data };
  }

  #schedule({ name, delayMs, message }: ScheduledMessage): StreamWrite | undefined {
    const atMs = this.#options.serverTime.after(delayMs);
    // Later than that this host's own timer has to do; what is no time at all fails the step when it is written.
    if (atMs === undefined || (Number.isFinite(atMs) && atMs > LAST_DATE_MS)) return undefined;
    const { subject: target, data } = this.mailbox(message);
    return { subject: this.#options.subjects.schedule(message.to, name), data, schedule: { atMs, target } };
  }

  #letter(message: MailboxMessage): Letter {
    const { subjects } = this.#options;
    const data = this.#encode(JSON.stringify(message), `a message to ${message.to}`);
    return { partition: partitionOf(message.to, subjects.partitions), data, subject: subjects.mailbox(message) };
  }

  #encode(text: string, what: string): Uint8Array {
    // Three times as fast as a TextEncoder, and every step is encoded.
    const data = Buffer.from(text);
    const limit = this.#options.maxBodyBytes();
    if (data.length > limit) throw new PayloadTooLarge(`${what} has ${data.length} bytes, the servers take ${limit}`);
    return data;
  }
}

/** Throws `TooManyMessages`: the servers would refuse it for ever. */
export function fitting(
  { address }: StepCommit,
  writes: readonly StreamWrite[],
  letters: readonly Letter[],
): [readonly StreamWrite[], readonly Letter[]] {
  const count = writes.length + letters.length;
  if (count <= MOST_WRITES) return [writes, letters];
  throw new TooManyMessages(
    `a step of ${address} has ${count} messages and scheduled timers, the servers take ${MOST_WRITES} at once: send them in several steps`,
  );
}
