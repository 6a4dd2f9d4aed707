import { ActorCell } from './actor-cell.ts';
import { hasWork } from './actor-state.ts';
import { isAddress } from './address.ts';
import { Halted, untilAvailable } from './backoff.ts';
import { checkEvent } from './check-event.ts';
import { readEnvelope } from './envelope.ts';
import { UnknownKind } from './errors.ts';
import type { HostContext } from './host-context.ts';
import type { Address, Delivery, JournalEntry, PartitionConsumer } from './transport.ts';

/** A commit that takes longer than this is left to itself. */
const SETTLE_MS = 1_000;

/** One partition while this host has it. */
export class OwnedPartition {
  readonly number: number;
  readonly #context: HostContext;
  readonly #cells = new Map<Address, ActorCell>();
  /** Journal positions at which an actor was found to have nothing to do. */
  readonly #quiet = new Map<Address, number>();
  #consumer: PartitionConsumer | undefined;
  #halted = false;

  constructor(number: number, context: HostContext) {
    this.number = number;
    this.#context = context;
  }

  get activeActors(): number {
    return this.#cells.size;
  }

  /** Looks through the journal, then takes messages. Throws `TransportUnavailable`. */
  async open(): Promise<void> {
    await this.sweep();
    await this.#consume();
  }

  async #consume(): Promise<void> {
    if (this.#halted) return;
    const consumer = await this.#context.transport.consume(this.number, (delivery) => this.#receive(delivery));
    if (this.#halted) await consumer.stop();
    else this.#consumer = consumer;
  }

  /** Takes all that is stored once more, as a new owner would: what was taken before is recognised. One look at a time. */
  async #readAgain(): Promise<void> {
    const before = this.#consumer;
    if (before === undefined || this.#halted) return;
    this.#consumer = undefined;
    const { clock, random, limits, alert } = this.#context;
    const onRetry = (error: Error, attempt: number): void => {
      if (attempt % 10 === 1) alert({ code: 'TRANSPORT_UNAVAILABLE', text: error.message });
    };
    try {
      await before.stop();
      await untilAvailable(
        clock,
        random,
        limits.unavailable,
        () => this.#halted,
        onRetry,
        () => this.#consume(),
      );
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
    }
  }

  /** Wakes actors that have timers, effects or unsent messages, and those whose journal moved without us. */
  async sweep(): Promise<void> {
    const entries = await this.#context.transport.sweep(this.number);
    if (this.#halted) return;
    if (this.#quiet.size > entries.length) this.#quiet.clear();
    for (const entry of entries) this.#look(entry);
  }

  #look(entry: JournalEntry): void {
    const cell = this.#cells.get(entry.address);
    if (cell !== undefined) {
      if (cell.sequence !== undefined && cell.sequence < entry.sequence) cell.reload();
      return;
    }
    if (this.#quiet.get(entry.address) === entry.sequence) return;
    try {
      if (hasWork(readEnvelope(entry), this.#context.kindOf(entry.address)))
        this.#cellFor(entry.address).activate(entry);
      else this.#quiet.set(entry.address, entry.sequence);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#context.alert({ code: 'ACTOR_UNREADABLE', address: entry.address, text });
    }
  }

  /** Forgets actors that had nothing to do for the limit `idleMs`. */
  passivate(): void {
    for (const [address, cell] of this.#cells) {
      if (cell.idleMs() < this.#context.limits.idleMs) continue;
      // Its journal may still name messages that were all sent since: that alone must not wake it again and again.
      if (cell.sequence !== undefined) this.#quiet.set(address, cell.sequence);
      cell.halt();
      this.#cells.delete(address);
    }
  }

  /**
   * Gives everything back at once; resolves when no more messages come and no commit is under way: whoever looks through
   * the journal then sees the last steps of this host. Waits for servers that do not answer `SETTLE_MS` at most.
   */
  async close(): Promise<void> {
    const cells = [...this.#cells.values()];
    this.halt();
    const patience = Promise.withResolvers<unknown>();
    const timer = this.#context.clock.after(SETTLE_MS, () => patience.resolve(undefined));
    const settled = Promise.race([Promise.all(cells.map((cell) => cell.settled())), patience.promise]);
    await Promise.all([this.#consumer?.stop(), settled]).finally(() => timer.cancel());
  }

  halt(): void {
    this.#halted = true;
    for (const cell of this.#cells.values()) cell.halt();
    this.#cells.clear();
  }

  #receive(delivery: Delivery): void {
    if (this.#halted) return; // stays in the mailbox for the next owner
    const { message } = delivery;
    if (!isAddress(message.to)) {
      this.#bury(delivery, `${JSON.stringify(message.to)} is no actor address`);
      return;
    }
    try {
      const kind = this.#context.kindFor(message.to);
      this.#cellFor(message.to).receive(delivery, checkEvent(kind, message.event));
    } catch (error) {
      if (!(error instanceof UnknownKind)) throw error;
      this.#strange(delivery, error.message);
    }
  }

  /**
   * Another host may know the kind, or this one after an update: the message waits, for a while. One of an actor waits for
   * ever, because what it sends later counts on it; its own host knew the kind.
   */
  #strange(delivery: Delivery, reason: string): void {
    const { alert, limits } = this.#context;
    const { message, attempt } = delivery;
    const waitMs = limits.handBackMs * 10;
    if (message.sequence === undefined && (attempt - 1) * waitMs >= limits.unknownKindMs) {
      this.#bury(delivery, `${message.event.type} for ${message.to}: ${reason}`);
      return;
    }
    if (attempt % 10 === 1) alert({ code: 'MESSAGE_REFUSED', address: message.to, text: reason });
    delivery.nak(waitMs);
  }

  /** No actor can ever take it. */
  #bury(delivery: Delivery, reason: string): void {
    this.#context.alert({ code: 'MESSAGE_REFUSED', text: reason });
    this.#context.transport.deadLetter(delivery.message, reason).then(
      () => delivery.ack(),
      () => delivery.nak(this.#context.limits.handBackMs * 10),
    );
  }

  #cellFor(address: Address): ActorCell {
    const known = this.#cells.get(address);
    if (known !== undefined) return known;
    const cell = new ActorCell(address, this.#context, () => void this.#readAgain());
    this.#cells.set(address, cell);
    return cell;
  }
}
