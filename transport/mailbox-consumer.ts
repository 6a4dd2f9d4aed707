import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Delivery, MailboxMessage, PartitionConsumer } from '#actors';
import { ExternalWindow, isExternal } from './external-window.ts';
import { MailboxCleaner } from './mailbox-cleaner.ts';
import type { MessageDeleter } from './message-deleter.ts';
import { type FeedMessage, StreamFeed } from './stream-feed.ts';

const messageSchema = z.object({
  id: z.string().min(1),
  to: z.string().min(1),
  from: z.string().min(1),
  sequence: z.number().int().optional(),
  replyTo: z.string().optional(),
  event: z.looseObject({ type: z.string() }),
});

export interface MailboxOptions {
  readonly stream: string;
  readonly filter: string;
  /** Messages handed out and not yet acknowledged, at most. */
  readonly window: number;
  readonly deleter: MessageDeleter;
  readonly receive: (delivery: Delivery) => void;
  readonly refuse: (message: unknown, reason: string) => Promise<void>;
}

/**
 * The mailboxes of one partition. A message is in the stream until it is acknowledged, which removes it; so a new owner
 * simply reads from the start, in order, without waiting for anybody's time-out.
 */
export class MailboxConsumer implements PartitionConsumer {
  readonly #options: MailboxOptions;
  readonly #again = new Set<NodeJS.Timeout>();
  readonly #cleaner: MailboxCleaner;
  readonly #window = new ExternalWindow();
  #feed: StreamFeed | undefined;
  #stopped = false;

  private constructor(options: MailboxOptions) {
    this.#options = options;
    this.#cleaner = new MailboxCleaner(options.deleter, options.filter);
  }

  static async open(
    connection: NatsConnection,
    manager: JetStreamManager,
    options: MailboxOptions,
  ): Promise<MailboxConsumer> {
    const consumer = new MailboxConsumer(options);
    const { stream, filter, window } = options;
    const onMessage = (message: FeedMessage): void => consumer.#receive(message);
    consumer.#feed = await StreamFeed.open(connection, manager, {
      stream,
      filters: [filter],
      from: 1,
      window,
      onMessage,
    });
    return consumer;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#again) clearTimeout(timer);
    this.#again.clear();
    await this.#feed?.stop();
    await this.#cleaner.close();
  }

  #receive(stored: FeedMessage): void {
    this.#cleaner.handedOut(stored.sequence);
    let parsed: unknown = new TextDecoder().decode(stored.data);
    try {
      parsed = JSON.parse(String(parsed));
      // The schema checks everything the interface says; `to` is branded only for the compiler.
      const message = messageSchema.parse(parsed) as MailboxMessage;
      this.#window.admit(message, () => this.#hand(message, stored.sequence, 1));
    } catch (error) {
      const reason = error instanceof z.ZodError || error instanceof SyntaxError ? error.message : undefined;
      if (reason === undefined) throw error;
      void this.#options
        .refuse(parsed, `not a mailbox message: ${reason}`)
        .then(() => this.#done(stored.sequence, undefined));
    }
  }

  #done(sequence: number, message: MailboxMessage | undefined): void {
    if (message === undefined || !isExternal(message)) this.#cleaner.acknowledged(sequence);
    else this.#cleaner.acknowledgedAlone(sequence, () => this.#window.removed(message));
    this.#feed?.release();
  }

  #hand(message: MailboxMessage, sequence: number, attempt: number): void {
    if (this.#stopped) return;
    let settled = false;
    this.#options.receive({
      message,
      attempt,
      ack: () => {
        if (settled) return;
        settled = true;
        this.#done(sequence, message);
      },
      nak: (delayMs) => {
        if (settled || this.#stopped) return;
        settled = true;
        const timer = setTimeout(() => {
          this.#again.delete(timer);
          this.#hand(message, sequence, attempt + 1);
        }, delayMs);
        this.#again.add(timer);
      },
    });
  }
}
