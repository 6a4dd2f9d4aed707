import type { Alert } from './alert.ts';
import type { Bus } from './bus.ts';

/** `kind/id`, for example `vm/web-01`. */
export type Address = string & { readonly __brand: 'Address' };

/** A message on its way to an actor's mailbox. */
export interface MailboxMessage {
  /** Stable and unique: a retry carries the same id. */
  readonly id: string;
  readonly to: Address;
  /** An actor's address, or `external:<name>` for a client outside the actor system. */
  readonly from: string;
  /** Counts up by one per (sender actor, receiver); absent for external senders, who rely on `id`. */
  readonly sequence?: number;
  /** Bus subject that waits for the answer of an `ask`. */
  readonly replyTo?: string;
  /** Handed out at once, even when earlier messages of the actor wait: what ends or releases it. */
  readonly urgent?: boolean;
  readonly event: { readonly type: string; readonly [key: string]: unknown };
}

/** One committed step of an actor: `body` is the runtime's envelope (JSON), opaque to the transport. */
export interface JournalEntry {
  readonly address: Address;
  /** Position given by the transport; the next commit of this actor must name it. 0 = no entry yet. */
  readonly sequence: number;
  readonly commitId: string;
  readonly body: string;
}

/** A message that the servers put into the mailbox of its actor `delayMs` after the commit, or a little later. */
export interface ScheduledMessage {
  /** A later one of the same actor under the same name takes its place. */
  readonly name: string;
  readonly delayMs: number;
  readonly message: MailboxMessage;
}

export interface StepCommit {
  readonly address: Address;
  /** `sequence` of the actor's last entry that this step was computed from; 0 for the first. */
  readonly expectedSequence: number;
  /** Unique per attempt to compute a step, the same when the very same commit is retried. */
  readonly commitId: string;
  readonly body: string;
  /** Delivered atomically with the commit when `atomicOutgoing`; otherwise the runtime delivers them after it. */
  readonly outgoing: readonly MailboxMessage[];
  /** Only where the transport `schedules`. May be lost where outgoing messages are not atomic. */
  readonly scheduled?: readonly ScheduledMessage[];
}

/** A message taken from a partition's mailbox. Unacknowledged ones come again. */
export interface Delivery {
  readonly message: MailboxMessage;
  /** Where it lies in the mailbox: the same however often it is delivered; later messages of an actor lie higher. */
  readonly position: number;
  /** Which store the position is of: of another one of the same name, numbers mean nothing. */
  readonly store: string;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /**
   * Every message of this actor at a lower position is acknowledged, this one apart: true for ever once it was. 0 when nothing
   * new is known.
   */
  doneBelow(): number;
  /** `doneBelow`: what the actor's committed state says since; what lies below need not be told apart by its sender any more. */
  ack(doneBelow?: number): void;
  /** Hand it back, to be delivered again after `delayMs`. */
  nak(delayMs: number): void;
  /**
   * Whether the message is still in the mailbox, asked of the leader. A delivery may arrive long after another host took
   * the message and removed it: whoever can no longer tell must ask before taking it. Throws `TransportUnavailable`.
   */
  isStored(): Promise<boolean>;
}

/** A message no actor took. */
export interface DeadLetter {
  readonly message: unknown;
  readonly reason: string;
}

export interface PartitionConsumer {
  /** Takes no more messages; deliveries not acknowledged come again to the next owner. */
  stop(): Promise<void>;
}

/**
 * What durable actors need from messaging. Implementations: memory (tests, docs), JetStream, simulated.
 * Errors: `TransportUnavailable` (retryable, outcome of a write unknown), `StaleCommit` (terminal for that step),
 * `MailboxFull` (retryable), all from errors.ts.
 */
export interface Transport {
  readonly partitions: number;
  /** True when `commit` delivers `outgoing` in the same atomic write. */
  readonly atomicOutgoing: boolean;
  /**
   * True when a message between actors can come again only until its receiver has taken those of 255 other senders. Then an
   * actor may forget old senders (`sendersRemembered`); else it remembers all of them. With every transport a message from
   * outside can come again only until its receiver has taken 31 others from outside (`idsRemembered`).
   */
  readonly boundedRedelivery: boolean;
  /** The largest body of a step, and the largest message as JSON, that messaging takes; may change with the servers. */
  readonly maxBodyBytes: number;
  /** True when the servers can send a message later (`StepCommit.scheduled`). */
  readonly schedules: boolean;
  readonly bus: Bus;
  /**
   * Durable when it resolves. The same `id` twice may be delivered twice: receivers deduplicate. Throws `MailboxFull` to
   * senders from outside; messages between actors are always taken, their senders slow down (`isFull`).
   */
  deliver(message: MailboxMessage): Promise<void>;
  /**
   * Appends if the actor's last sequence is still `expectedSequence`, else throws `StaleCommit`.
   * A retry with the same `commitId` that had landed already succeeds. Returns the new sequence.
   */
  commit(step: StepCommit): Promise<number>;
  /** The actor's last entry, read from the leader (never stale). */
  latest(address: Address): Promise<JournalEntry | undefined>;
  /** The last entry of every actor of the partition. */
  sweep(partition: number): Promise<readonly JournalEntry[]>;
  /** At most `limit` last entries, oldest first. */
  history(address: Address, limit: number): Promise<readonly JournalEntry[]>;
  /** Delivers the partition's messages in order per receiving actor; many may be under way at once. */
  consume(partition: number, receive: (delivery: Delivery) => void): Promise<PartitionConsumer>;
  /** Calls back for every commit of actors of these kinds, from now on; may skip under load, never reorders one actor. */
  watch(kinds: readonly string[], listener: (entry: JournalEntry) => void): Promise<() => void>;
  /** Whether an actor's mailbox is at its limit; an estimate, cheap to ask after each message. */
  isFull(address: Address): boolean | Promise<boolean>;
  /** Keeps a refused message with the reason, for a human. */
  deadLetter(message: unknown, reason: string): Promise<void>;
  /** The last refused messages, at most `limit`, oldest first. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /** For what a human should know and no call can tell. */
  onAlert?(listener: (alert: Alert) => void): void;
  close(): Promise<void>;
}
