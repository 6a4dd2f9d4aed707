import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

const NO_MESSAGE = 10037;
const AT_ONCE = 4;

/**
 * Removes acknowledged mailbox messages from the stream, a bounded number at once. A message whose removal is not
 * confirmed is tried again; one that is never removed comes again to the next owner, who recognises it.
 */
export class MessageDeleter {
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #queue: (() => Promise<unknown>)[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  constructor(manager: JetStreamManager, stream: string) {
    this.#manager = manager;
    this.#stream = stream;
  }

  delete(sequence: number): void {
    this.#add(() => this.#manager.streams.deleteMessage(this.#stream, sequence, false));
  }

  /** Removes all messages under `filter` below `sequence`. */
  purge(filter: string, sequence: number): void {
    this.#add(() => this.#manager.streams.purge(this.#stream, { filter, seq: sequence }));
  }

  #add(removal: () => Promise<unknown>): void {
    if (this.#closed) return;
    this.#queue.push(removal);
    this.#pump();
  }

  /** Resolves when nothing is left to remove. */
  async idle(): Promise<void> {
    if (this.#busy === 0 && this.#queue.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  #pump(): void {
    while (this.#busy < AT_ONCE) {
      const removal = this.#queue.shift();
      if (removal === undefined) break;
      this.#busy += 1;
      void this.#remove(removal).finally(() => {
        this.#busy -= 1;
        this.#pump();
      });
    }
    if (this.#busy === 0 && this.#queue.length === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #remove(removal: () => Promise<unknown>): Promise<void> {
    while (!this.#closed) {
      try {
        await removal();
        return;
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return;
        // No leader or not connected: the message stays until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}
