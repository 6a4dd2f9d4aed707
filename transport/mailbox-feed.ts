import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodePack, type PackedLetter } from './pack.ts';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';
import type { Subjects } from './subjects.ts';

/** Messages the servers may send before hearing from us. */
const WINDOW = 2_048;
/** A feed with fewer messages left to read has caught up. */
const CAUGHT_UP = 1_024;
const MERGE_AFTER_MS = 1_000;

/** What comes for one partition. */
export interface FeedReceiver {
  readonly onMessage: (message: FeedMessage) => void;
  /** Its letters of a pack. */
  readonly onLetters: (sequence: number, letters: readonly PackedLetter[]) => void;
}

/** One partition's part in the feed. */
export interface FeedMember {
  readonly partition: number;
  /** Every message of the partition up to this sequence was handed out. */
  position(): number;
  leave(): void;
}

interface Member {
  readonly partition: number;
  readonly receiver: FeedReceiver;
  /** Messages below were handed out. */
  next: number;
}

interface Opened {
  readonly members: ReadonlySet<Member>;
  readonly byPartition: ReadonlyMap<number, readonly Member[]>;
  feed: StreamFeed | undefined;
}

/**
 * Reads the mailboxes of all partitions of this host through one consumer: the servers do for every consumer what they
 * do for one, so sixty-four of them cost three times as much as one. Partitions that join together are read from the
 * start by a consumer of their own, which is merged with the others once it has caught up.
 *
 * Invariant: every feed begins at or below `next` of each of its members and skips nothing; so a member misses nothing
 * when two feeds give it the same messages for a while, and takes each once.
 */
export class MailboxFeed {
  readonly #connection: () => NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #isSameStream: () => Promise<boolean>;
  readonly #subjects: Subjects;
  readonly #onPack: (sequence: number) => void;
  readonly #members = new Set<Member>();
  #opened: readonly Opened[] = [];
  #joining: { readonly members: Set<Member>; readonly open: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    connection: () => NatsConnection,
    manager: JetStreamManager,
    stream: string,
    subjects: Subjects,
    isSameStream: () => Promise<boolean>,
    onPack: (sequence: number) => void,
  ) {
    this.#onPack = onPack;
    this.#isSameStream = isSameStream;
    this.#connection = connection;
    this.#manager = manager;
    this.#stream = stream;
    this.#subjects = subjects;
  }

  /** Resolves when the partition is being read, from its first stored message on. Throws the client library's errors. */
  async join(partition: number, receiver: FeedReceiver): Promise<FeedMember> {
    const member: Member = { partition, receiver, next: 1 };
    this.#members.add(member);
    try {
      await this.#openFor(member);
    } catch (error) {
      this.#members.delete(member);
      throw error;
    }
    return {
      partition,
      position: () => this.#position(member),
      leave: () => {
        member.next = this.#position(member) + 1;
        this.#members.delete(member);
        this.#later();
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#members.clear();
    const opened = this.#opened;
    this.#opened = [];
    await Promise.all(opened.map(({ feed }) => feed?.stop()));
  }

  #position(member: Member): number {
    let position = member.next - 1;
    if (!this.#members.has(member)) return position;
    for (const { members, feed } of this.#opened) {
      if (members.has(member) && feed !== undefined) position = Math.max(position, feed.position);
    }
    return position;
  }

  /** All that join in this turn share a feed. */
  #openFor(member: Member): Promise<void> {
    if (this.#joining === undefined) {
      const members = new Set<Member>();
      const turn = new Promise((resolve) => setImmediate(resolve));
      const open = turn.then(async () => {
        this.#joining = undefined;
        await this.#open(members, 1);
      });
      this.#joining = { members, open };
    }
    this.#joining.members.add(member);
    return this.#joining.open;
  }

  async #open(members: ReadonlySet<Member>, from: number): Promise<void> {
    const byPartition = new Map<number, Member[]>();
    for (const member of members) {
      byPartition.set(member.partition, [...(byPartition.get(member.partition) ?? []), member]);
    }
    const opened: Opened = { members, byPartition, feed: undefined };
    opened.feed = await StreamFeed.open(this.#connection, this.#manager, {
      stream: this.#stream,
      filters: this.#filters([...byPartition.keys()]),
      from,
      isSameStream: this.#isSameStream,
      window: WINDOW,
      lasts: true,
      onMessage: (message) => {
        this.#dispatch(opened, message);
        opened.feed?.release();
      },
    });
    if (this.#stopped) {
      await opened.feed.stop();
      return;
    }
    this.#opened = [...this.#opened, opened];
    this.#later();
  }

  #filters(partitions: readonly number[]): string[] {
    if (partitions.length === this.#subjects.partitions) return [this.#subjects.mailboxes];
    return [...partitions.map((partition) => this.#subjects.mailboxesOf(partition)), this.#subjects.packs];
  }

  #dispatch(opened: Opened, message: FeedMessage): void {
    const { sequence, subject } = message;
    if (this.#subjects.isPack(subject)) {
      this.#dispatchPack(opened, message);
      return;
    }
    for (const member of this.#waiting(opened, this.#subjects.partitionOf(subject), sequence)) {
      member.receiver.onMessage(message);
    }
  }

  #dispatchPack(opened: Opened, { sequence, data }: FeedMessage): void {
    this.#onPack(sequence);
    const decoded = decodePack(data);
    const isOurs = decoded?.every(({ partition }) => partition < this.#subjects.partitions) ?? false;
    // What is none of ours is to be buried, and by one partition is enough.
    const letters = decoded !== undefined && isOurs ? decoded : [{ partition: 0, index: 0, data }];
    const byPartition = Map.groupBy(letters, ({ partition }) => partition);
    for (const [partition, own] of byPartition) {
      for (const member of this.#waiting(opened, partition, sequence)) member.receiver.onLetters(sequence, own);
    }
  }

  /** Members for whom that one is new; from now on it no longer is. */
  *#waiting(opened: Opened, partition: number, sequence: number): Iterable<Member> {
    for (const member of opened.byPartition.get(partition) ?? []) {
      if (sequence < member.next || !this.#members.has(member)) continue;
      member.next = sequence + 1;
      yield member;
    }
  }

  /** Merges feeds, and lets go of partitions that left, when nothing has changed for a while. */
  #later(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#merge(), MERGE_AFTER_MS);
    this.#timer.unref();
  }

  async #merge(): Promise<void> {
    const before = this.#opened;
    const surplus = before.some(({ members }) => [...members].some((member) => !this.#members.has(member)));
    if (before.length <= 1 && !surplus) return;
    const reading = new Set(
      before.flatMap(({ members }) => [...members]).filter((member) => this.#members.has(member)),
    );
    if (reading.size > 0) {
      if (before.some(({ feed }) => feed === undefined || feed.pending > CAUGHT_UP)) return this.#later();
      for (const member of reading) member.next = this.#position(member) + 1;
      const from = Math.min(...[...reading].map((member) => member.next));
      try {
        await this.#open(reading, from);
      } catch {
        // No leader or not connected: the feeds that are there go on.
        return this.#later();
      }
    }
    this.#opened = this.#opened.filter((each) => !before.includes(each));
    await Promise.all(before.map(({ feed }) => feed?.stop()));
  }
}
