import { bytesOf } from './bytes-of.ts';
import type { Clock, Timer } from './clock.ts';
import { MailboxFull, PayloadTooLarge, StaleCommit } from './errors.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryMailbox } from './memory-mailbox.ts';
import { partitionOf } from './partition.ts';
import type { Address, DeadLetter, JournalEntry, MailboxMessage, ScheduledMessage, StepCommit } from './transport.ts';

export interface MemoryServerOptions {
  readonly clock: Clock;
  readonly partitions?: number;
  /** True: `commit` delivers outgoing messages itself, in the same write. */
  readonly atomicOutgoing?: boolean;
  /** True: messages can be scheduled, on `clock`. */
  readonly schedules?: boolean;
  /** Messages waiting for one actor, at most. */
  readonly mailboxDepth?: number;
  /** The largest body of a step or message; none unless given. */
  readonly maxBodyBytes?: number;
  /** Steps kept per actor. */
  readonly historyDepth?: number;
}

/** Journals, mailboxes and bus in one process: what several `MemoryTransport`s connect to, one per host. */
export class MemoryServer {
  readonly clock: Clock;
  readonly partitions: number;
  readonly atomicOutgoing: boolean;
  readonly schedules: boolean;
  readonly maxBodyBytes: number;
  readonly bus: MemoryBus;
  readonly deadLetters: DeadLetter[] = [];
  readonly #scheduled = new Map<string, Timer>();
  readonly #mailboxDepth: number;
  readonly #historyDepth: number;
  readonly #journal = new Map<Address, JournalEntry[]>();
  /** The addresses of each partition, in the order of the actors' creation. */
  readonly #addresses: Address[][];
  readonly #mailboxes: MemoryMailbox[];
  readonly #watchers = new Set<(entry: JournalEntry) => void>();

  constructor(options: MemoryServerOptions) {
    this.clock = options.clock;
    this.partitions = options.partitions ?? 64;
    this.atomicOutgoing = options.atomicOutgoing ?? true;
    this.schedules = options.schedules ?? false;
    this.maxBodyBytes = options.maxBodyBytes ?? Number.POSITIVE_INFINITY;
    this.#mailboxDepth = options.mailboxDepth ?? 10_000;
    this.#historyDepth = options.historyDepth ?? 64;
    this.bus = new MemoryBus(options.clock);
    this.#addresses = Array.from({ length: this.partitions }, () => []);
    this.#mailboxes = Array.from({ length: this.partitions }, () => new MemoryMailbox(options.clock));
  }

  mailbox(partition: number): MemoryMailbox {
    const mailbox = this.#mailboxes[partition];
    if (mailbox === undefined) throw new RangeError(`no partition ${partition}: there are ${this.partitions}`);
    return mailbox;
  }

  deliver(message: MailboxMessage): void {
    this.#assertFits(message, `a message to ${message.to}`);
    if (message.from.startsWith('external:') && message.urgent !== true && this.isFull(message.to)) {
      throw new MailboxFull(`${this.#mailboxDepth} messages wait for ${message.to}: slow down`);
    }
    this.mailbox(partitionOf(message.to, this.partitions)).add(message);
  }

  isFull(of: Address): boolean {
    return this.mailbox(partitionOf(of, this.partitions)).waitingFor(of) >= this.#mailboxDepth;
  }

  commit(step: StepCommit): number {
    this.#assertFits(step.body, `a step of ${step.address}`);
    for (const message of step.outgoing) this.#assertFits(message, `a message to ${message.to}`);
    const entries = this.#journal.get(step.address) ?? [];
    const last = entries.at(-1);
    if (last?.commitId === step.commitId) return last.sequence;
    if ((last?.sequence ?? 0) !== step.expectedSequence) {
      throw new StaleCommit(`${step.address} is at ${last?.sequence ?? 0}, not at ${step.expectedSequence}`);
    }
    if (this.atomicOutgoing) {
      for (const message of step.outgoing) this.mailbox(partitionOf(message.to, this.partitions)).add(message);
    }
    for (const each of step.scheduled ?? []) this.#schedule(each);
    const { address, commitId, body } = step;
    const entry: JournalEntry = { address, sequence: step.expectedSequence + 1, commitId, body };
    entries.push(entry);
    if (entries.length > this.#historyDepth) entries.shift();
    if (last === undefined) {
      this.#journal.set(address, entries);
      this.#addresses[partitionOf(address, this.partitions)]?.push(address);
    }
    for (const watcher of this.#watchers) queueMicrotask(() => watcher(entry));
    return entry.sequence;
  }

  #assertFits(body: string | MailboxMessage, what: string): void {
    if (this.maxBodyBytes === Number.POSITIVE_INFINITY) return;
    const bytes = bytesOf(typeof body === 'string' ? body : JSON.stringify(body));
    if (bytes > this.maxBodyBytes) {
      throw new PayloadTooLarge(`${what} has ${bytes} bytes, this server takes ${this.maxBodyBytes}`);
    }
  }

  #schedule({ name, delayMs, message }: ScheduledMessage): void {
    if (!this.schedules) throw new RangeError('this server schedules no messages');
    const key = `${message.to} ${name}`;
    this.#scheduled.get(key)?.cancel();
    const timer = this.clock.after(delayMs, () => {
      this.#scheduled.delete(key);
      this.mailbox(partitionOf(message.to, this.partitions)).add(message);
    });
    this.#scheduled.set(key, timer);
  }

  latest(of: Address): JournalEntry | undefined {
    return this.#journal.get(of)?.at(-1);
  }

  history(of: Address, limit: number): readonly JournalEntry[] {
    return (this.#journal.get(of) ?? []).slice(-limit);
  }

  /** Last entries of a partition, in the order of the actors' creation. */
  sweep(partition: number): readonly JournalEntry[] {
    return (this.#addresses[partition] ?? []).flatMap((address) => this.latest(address) ?? []);
  }

  watch(watcher: (entry: JournalEntry) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
