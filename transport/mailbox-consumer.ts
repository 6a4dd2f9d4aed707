import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Address, Delivery, MailboxMessage, PartitionConsumer } from '#actors';
import { MailboxCleaner } from './mailbox-cleaner.ts';
import type { FeedMember, MailboxFeed } from './mailbox-feed.ts';
import { type LineItem, MailboxLine } from './mailbox-line.ts';
import type { MailboxSweeper } from './mailbox-sweeper.ts';
import type { MessageDeleter } from './message-deleter.ts';
import { type PackedLetter, positionIn } from './pack.ts';
import type { PackMember, PackSweeper } from './pack-sweeper.ts';
import { PackedMessages } from './packed-messages.ts';
import { passVanished } from './pass-vanished.ts';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';

const messageSchema = z.object({
  id: z.string().min(1),
  to: z.string().min(1),
  from: z.string().min(1),
  sequence: z.number().int().optional(),
  replyTo: z.string().optional(),
  urgent: z.boolean().optional(),
  event: z.looseObject({ type: z.string() }),
});

const decoder = new TextDecoder();

export interface MailboxOptions {
  readonly stream: string;
  readonly partition: number;
  /** Which stream of that name. */
  readonly store: string;
  readonly filter: string;
  readonly mailboxOf: (to: MailboxMessage['to']) => string;
  readonly feed: MailboxFeed;
  readonly deleter: MessageDeleter;
  readonly sweeper: MailboxSweeper;
  readonly packs: PackSweeper;
  readonly receive: (delivery: Delivery) => void;
  /** False once another stream bears the name. */
  readonly isSameStream: () => Promise<boolean>;
  readonly isStored: (sequence: number) => Promise<boolean>;
  readonly refuse: (message: unknown, reason: string) => Promise<void>;
}

/** How many messages of one actor may be in memory: fewer the more there are of all. */
const ROOM = [
  { below: 2_048, each: 256 },
  { below: 8_192, each: 32 },
];

/** So many in memory that no packs should come, which are kept there whatever their number. */
const MUCH = 4_096;

/**
 * The mailboxes of one partition. A message is in the stream until it is acknowledged, which removes it; so a new owner
 * simply reads from the start, in order, without waiting for anybody's time-out.
 */
export class MailboxConsumer implements PartitionConsumer {
  readonly #connection: () => NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #options: MailboxOptions;
  readonly #again = new Set<NodeJS.Timeout>();
  readonly #cleaner: MailboxCleaner;
  readonly #packed = new PackedMessages(() => performance.now());
  readonly #pack: PackMember;
  readonly #lines = new Map<Address, MailboxLine>();
  /** Feeds that read again what was skipped, one an actor. */
  readonly #catchingUp = new Map<MailboxLine, StreamFeed | 'opening'>();
  #member: FeedMember | undefined;
  #inMemory = 0;
  #stopped = false;

  private constructor(connection: () => NatsConnection, manager: JetStreamManager, options: MailboxOptions) {
    this.#connection = connection;
    this.#manager = manager;
    this.#options = options;
    const { deleter, filter, sweeper } = options;
    const position = (): number => this.#member?.position() ?? 0;
    this.#cleaner = new MailboxCleaner({ deleter, filter, position, onAcknowledged: () => sweeper.later() });
    const isCrowded = (): boolean => this.#catchingUp.size > 0 || this.#inMemory >= MUCH;
    this.#pack = { partition: options.partition, messages: this.#packed, position, isCrowded };
  }

  static async open(
    connection: () => NatsConnection,
    manager: JetStreamManager,
    options: MailboxOptions,
  ): Promise<MailboxConsumer> {
    const consumer = new MailboxConsumer(connection, manager, options);
    consumer.#member = await options.feed.join(options.partition, {
      onMessage: (stored) => consumer.#receive(stored),
      onLetters: (sequence, letters) => consumer.#receiveLetters(sequence, letters),
    });
    options.sweeper.add(consumer.#cleaner, options.partition);
    options.packs.add(consumer.#pack);
    return consumer;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#again) clearTimeout(timer);
    this.#again.clear();
    const late = [...this.#catchingUp.values()].filter((feed) => feed !== 'opening');
    this.#catchingUp.clear();
    this.#member?.leave();
    await Promise.all(late.map((feed) => feed.stop()));
    this.#options.packs.remove(this.#pack);
    await this.#options.sweeper.remove(this.#cleaner);
  }

  /** Actors whose messages wait for the removal of those before. */
  held(): Address[] {
    return [...this.#lines].flatMap(([address, line]) => (line.isHeld ? [address] : []));
  }

  #receive(stored: FeedMessage): void {
    this.#cleaner.seen(stored.sequence);
    const { sequence } = stored;
    const message = this.#parse(stored.data, () => this.#cleaner.acknowledged(sequence));
    if (message === undefined) return;
    const line = this.#lineOf(message);
    line.offer({ message, sequence, position: sequence, released: () => {} }, this.#room());
    this.#hurryFor(line);
    if (line.size === 0) this.#readOn(message, line);
  }

  #receiveLetters(sequence: number, letters: readonly PackedLetter[]): void {
    this.#packed.seen(sequence, letters.length);
    for (const { data, index } of letters) {
      const message = this.#parse(data, () => this.#packed.acknowledged(sequence, () => {}));
      if (message === undefined) continue;
      const item = { message, sequence, position: positionIn(sequence, index), packed: true, released: () => {} };
      const line = this.#lineOf(message);
      line.offer(item, this.#room());
      this.#hurryFor(line);
    }
  }

  /** Undefined when it is none of ours: kept as a dead letter. */
  #parse(data: Uint8Array, buried: () => void): MailboxMessage | undefined {
    let parsed: unknown = decoder.decode(data);
    try {
      parsed = JSON.parse(String(parsed));
      // The schema checks everything the interface says; `to` is branded only for the compiler.
      const message = messageSchema.parse(parsed) as MailboxMessage;
      return message;
    } catch (error) {
      const reason = error instanceof z.ZodError || error instanceof SyntaxError ? error.message : undefined;
      if (reason === undefined) throw error;
      void this.#bury(parsed, `not a mailbox message: ${reason}`, buried);
      return undefined;
    }
  }

  /** Tried until it is kept: before that it must stay in the mailbox. */
  async #bury(message: unknown, reason: string, buried: () => void): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#options.refuse(message, reason);
        buried();
        return;
      } catch {
        // No leader or not connected: ask again until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #room(): number {
    return ROOM.find(({ below }) => this.#inMemory < below)?.each ?? 1;
  }

  #lineOf(message: MailboxMessage): MailboxLine {
    const known = this.#lines.get(message.to);
    if (known !== undefined) return known;
    const line = new MailboxLine({
      hand: (item) => {
        this.#inMemory += 1;
        this.#hand(item, line, 1);
      },
      vanished: (sequence) => this.#cleaner.vanished(sequence),
    });
    this.#lines.set(message.to, line);
    return line;
  }

  #done(item: LineItem, line: MailboxLine, doneBelow: number | undefined): void {
    const { message, sequence } = item;
    this.#inMemory -= 1;
    line.acknowledged(item, doneBelow);
    const removed = (): void => {
      line.removed(item);
      this.#hurryFor(line);
      if (line.isEmpty && this.#lines.get(message.to) === line) this.#lines.delete(message.to);
    };
    (item.packed === true ? this.#packed : this.#cleaner).acknowledged(sequence, removed);
    this.#hurryFor(line);
    this.#readOn(message, line);
  }

  #hurryFor(line: MailboxLine): void {
    if (line.awaitsRemoval) void this.#options.sweeper.hurryFor(this.#cleaner);
  }

  /** Reads what was skipped as soon as half of the room is free again. */
  #readOn(message: MailboxMessage, line: MailboxLine): void {
    const room = this.#room();
    const from = line.unreadFrom;
    if (from === undefined || line.size > room / 2 || this.#stopped || this.#catchingUp.has(line)) return;
    this.#catchingUp.set(line, 'opening');
    void this.#openLate(message, line, from, Math.max(1, Math.ceil(room / 2)));
  }

  async #openLate(message: MailboxMessage, line: MailboxLine, from: number, window: number): Promise<void> {
    let feed: StreamFeed | undefined;
    const end = (): void => {
      const current = this.#catchingUp.get(line);
      if (current === feed || current === 'opening') this.#catchingUp.delete(line);
      void feed?.stop();
    };
    const onMessage = (stored: FeedMessage): void => {
      if (this.#stopped || line.unreadFrom === undefined) return;
      const { sequence } = stored;
      const again = this.#parse(stored.data, () => this.#cleaner.acknowledged(sequence));
      const release = (): void => feed?.release();
      const taken =
        again !== undefined && line.offerAgain({ message: again, sequence, position: sequence, released: release });
      this.#hurryFor(line);
      if (!taken) release();
      if (line.unreadFrom === undefined) end();
    };
    const { stream, mailboxOf, isSameStream } = this.#options;
    while (!this.#stopped && feed === undefined) {
      try {
        const filters = [mailboxOf(message.to)];
        const range = { stream, filters, from, window };
        feed = await StreamFeed.open(this.#connection, this.#manager, { ...range, isSameStream, onMessage });
      } catch {
        // No leader or not connected: ask again until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    if (this.#stopped || line.unreadFrom === undefined || feed === undefined) return end();
    this.#catchingUp.set(line, feed);
    await passVanished(line, this.#options.isStored, () => !this.#stopped && this.#catchingUp.get(line) === feed);
    end();
  }

  #hand(item: LineItem, line: MailboxLine, attempt: number): void {
    if (this.#stopped) return;
    let settled = false;
    this.#options.receive({
      message: item.message,
      position: item.position,
      store: this.#options.store,
      doneBelow: () => line.doneBelow(item),
      attempt,
      ack: (doneBelow) => {
        if (settled) return;
        settled = true;
        this.#done(item, line, doneBelow);
      },
      nak: (delayMs) => {
        if (settled || this.#stopped) return;
        settled = true;
        const timer = setTimeout(() => {
          this.#again.delete(timer);
          this.#hand(item, line, attempt + 1);
        }, delayMs);
        this.#again.add(timer);
      },
      isStored: () => this.#options.isStored(item.sequence),
    });
  }
}
