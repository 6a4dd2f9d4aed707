import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

const SEQUENCE_NOT_FOUND = 10043;
const DELETE_FAILED = 10057;
const AT_ONCE = 16;

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

  /** `removed` is called when the message is certainly gone. */
  delete(sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.deleteMessage(this.#stream, sequence, false), removed);
  }

  /** Removes all messages under `filter` below `sequence`; `removed` is called when they are certainly gone. */
  purge(filter: string, sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.purge(this.#stream, { filter, seq: sequence }), removed);
  }

  #add(removal: () => Promise<unknown>, removed: () => void = () => {}): void {
    if (this.#closed) return;
    this.#queue.push(async () => {
      await this.#remove(removal);
      removed();
    });
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
      void removal().finally(() => {
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
        if (isGone(error)) return;
        // No leader or not connected: the message stays until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}

/**
 * Removed before: by an attempt of ours whose answer was lost, or by another owner. Servers name it in two ways: "sequence
 * not found", or the number of every failed removal with a text that tells.
 */
function isGone(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  if (error.code === SEQUENCE_NOT_FOUND) return true;
  return error.code === DELETE_FAILED && /no message found|EOF/.test(error.message);
}
