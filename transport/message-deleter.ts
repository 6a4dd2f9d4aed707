import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

const SEQUENCE_NOT_FOUND = 10043;
const DELETE_FAILED = 10057;
const AT_ONCE = 16;
/** How old the knowledge may be that it still is the same stream: a purge could destroy all of another one. */
const SURE_MS = { purge: 0, single: 250 };

/**
 * Removes acknowledged mailbox messages from the stream, a bounded number at once. A message whose removal is not
 * confirmed is tried again; one that is never removed comes again to the next owner, who recognises it. Once the stream is
 * another one than it was made for, it removes nothing any more.
 */
export class MessageDeleter {
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #isSameStream: (maxAgeMs: number) => Promise<boolean>;
  readonly #queue: (() => Promise<unknown>)[] = [];
  readonly #unconfirmed = new Set<Promise<void>>();
  #busy = 0;
  #confirmations = 0;
  #closed = false;

  constructor(manager: JetStreamManager, stream: string, isSameStream: (maxAgeMs: number) => Promise<boolean>) {
    this.#manager = manager;
    this.#stream = stream;
    this.#isSameStream = isSameStream;
  }

  /** `removed` is called when the message is certainly gone. */
  delete(sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.deleteMessage(this.#stream, sequence, false), SURE_MS.single, removed);
  }

  /** Removes all messages under `filter` below `sequence`; `removed` is called when they are certainly gone. */
  purge(filter: string, sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.purge(this.#stream, { filter, seq: sequence }), SURE_MS.purge, removed);
  }

  #add(removal: () => Promise<unknown>, sureMs: number, removed: () => void): void {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unconfirmed.add(promise);
    this.#queue.push(async () => {
      const isGone = await this.#remove(removal, sureMs);
      this.#confirmations += 1;
      this.#unconfirmed.delete(promise);
      resolve();
      if (isGone) removed();
    });
    this.#pump();
  }

  /**
   * Resolves when all that was asked for so far is certainly gone, or none of it was confirmed for `silenceMs`: slow
   * servers are waited for, silent ones are not.
   */
  async settled(silenceMs: number): Promise<void> {
    const all = Promise.all(this.#unconfirmed).then(() => true);
    for (let before = -1; before !== this.#confirmations && !this.#closed; ) {
      before = this.#confirmations;
      const silence = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => silence.resolve(false), silenceMs);
      const isOver = await Promise.race([all, silence.promise]);
      clearTimeout(timer);
      if (isOver) return;
    }
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
  }

  /** False when it was given up. */
  async #remove(removal: () => Promise<unknown>, sureMs: number): Promise<boolean> {
    while (!this.#closed) {
      try {
        if (!(await this.#isSameStream(sureMs))) {
          this.close();
          return false;
        }
        await removal();
        return true;
      } catch (error) {
        if (isGone(error)) return true;
        // No leader or not connected: the message stays until the servers are back.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    return false;
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
