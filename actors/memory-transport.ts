import { kindOf } from './address.ts';
import type { Bus } from './bus.ts';
import { TransportUnavailable } from './errors.ts';
import type { MemoryServer } from './memory-server.ts';
import type {
  Address,
  DeadLetter,
  Delivery,
  JournalEntry,
  MailboxMessage,
  PartitionConsumer,
  StepCommit,
  Transport,
} from './transport.ts';

/** One host's connection to a `MemoryServer`. */
export class MemoryTransport implements Transport {
  readonly partitions: number;
  readonly atomicOutgoing: boolean;
  readonly boundedRedelivery: boolean = false;
  readonly maxBodyBytes: number;
  readonly schedules: boolean;
  readonly bus: Bus;
  readonly #server: MemoryServer;
  readonly #leave = new Set<() => void>();
  #closed = false;

  constructor(server: MemoryServer) {
    this.#server = server;
    this.partitions = server.partitions;
    this.atomicOutgoing = server.atomicOutgoing;
    this.maxBodyBytes = server.maxBodyBytes;
    this.schedules = server.schedules;
    this.bus = server.bus;
  }

  async deliver(message: MailboxMessage): Promise<void> {
    this.#assertOpen();
    this.#server.deliver(message);
  }

  async commit(step: StepCommit): Promise<number> {
    this.#assertOpen();
    return this.#server.commit(step);
  }

  async latest(address: Address): Promise<JournalEntry | undefined> {
    this.#assertOpen();
    return this.#server.latest(address);
  }

  async sweep(partition: number): Promise<readonly JournalEntry[]> {
    this.#assertOpen();
    return this.#server.sweep(partition);
  }

  async history(address: Address, limit: number): Promise<readonly JournalEntry[]> {
    this.#assertOpen();
    return this.#server.history(address, limit);
  }

  async consume(partition: number, receive: (delivery: Delivery) => void): Promise<PartitionConsumer> {
    this.#assertOpen();
    const leave = this.#server.mailbox(partition).consume(receive);
    this.#leave.add(leave);
    return {
      stop: async () => {
        this.#leave.delete(leave);
        leave();
      },
    };
  }

  async watch(kinds: readonly string[], listener: (entry: JournalEntry) => void): Promise<() => void> {
    this.#assertOpen();
    const leave = this.#server.watch((entry) => {
      if (kinds.includes(kindOf(entry.address))) listener(entry);
    });
    this.#leave.add(leave);
    return () => {
      this.#leave.delete(leave);
      leave();
    };
  }

  isFull(address: Address): boolean {
    this.#assertOpen();
    return this.#server.isFull(address);
  }

  async deadLetter(message: unknown, reason: string): Promise<void> {
    this.#assertOpen();
    this.#server.deadLetters.push({ message, reason });
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    this.#assertOpen();
    return this.#server.deadLetters.slice(-limit);
  }

  /** Also what a host's death looks like to the server: everything it held goes back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const leave of this.#leave) leave();
    this.#leave.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new TransportUnavailable('this connection was closed');
  }
}
