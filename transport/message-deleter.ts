import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

const SEQUENCE_NOT_FOUND = 10043;
const DELETE_FAILED = 10057;
const AT_ONCE = 16;
/** How old the knowledge may be that it still is the same stream: a purge could destroy all of another one. */
const SURE_MS = { purge: 0, single: 250 };
const PAUSE_MS = 200;
/** A removal that fails for so long is told of, and so often. */
const STUCK_MS = { first: 10_000, again: 60_000 };

interface Removal {
  readonly ask: () => Promise<unknown>;
  readonly sureMs: number;
  readonly end: (isGone: boolean) => void;
  /** Since when it fails although the servers answer. */
  failingSinceMs: number | undefined;
}

/**
 * Removes acknowledged mailbox messages from the stream, a bounded number at once. A message whose removal is not
 * confirmed is tried again, and takes no other's place while it waits; one that is never removed comes again to the next
 * owner, who recognises it. Once the stream is another one than it was made for, it removes nothing any more.
 */
export class MessageDeleter {
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #isSameStream: (maxAgeMs: number) => Promise<boolean>;
  readonly #onStuck: (reason: string) => void;
  readonly #queue: Removal[] = [];
  readonly #unconfirmed = new Set<Promise<void>>();
  #busy = 0;
  #confirmations = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** `onStuck`: servers that answer did not remove something for ten seconds; again each minute while that is so. */
  constructor(
    manager: JetStreamManager,
    stream: string,
    isSameStream: (maxAgeMs: number) => Promise<boolean>,
    onStuck: (reason: string) => void = () => {},
  ) {
    this.#manager = manager;
    this.#stream = stream;
    this.#isSameStream = isSameStream;
    this.#onStuck = onStuck;
  }

  /** `removed` is called when the message is certainly gone. */
  delete(sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.deleteMessage(this.#stream, sequence, false), SURE_MS.single, removed);
  }

  /** Removes all messages under `filter` below `sequence`; `removed` is called when they are certainly gone. */
  purge(filter: string, sequence: number, removed: () => void = () => {}): void {
    this.#add(() => this.#manager.streams.purge(this.#stream, { filter, seq: sequence }), SURE_MS.purge, removed);
  }

  #add(ask: () => Promise<unknown>, sureMs: number, removed: () => void): void {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unconfirmed.add(promise);
    const end = (isGone: boolean): void => {
      this.#confirmations += 1;
      this.#unconfirmed.delete(promise);
      resolve();
      if (isGone) removed();
    };
    this.#queue.push({ ask, sureMs, end, failingSinceMs: undefined });
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
    for (const removal of this.#queue.splice(0)) removal.end(false);
  }

  #pump(): void {
    while (this.#busy < AT_ONCE) {
      const removal = this.#queue.shift();
      if (removal === undefined) break;
      this.#busy += 1;
      void this.#try(removal).finally(() => {
        this.#busy -= 1;
        this.#pump();
      });
    }
  }

  async #try(removal: Removal): Promise<void> {
    let isAnswered = false;
    try {
      if (!(await this.#isSameStream(removal.sureMs))) {
        this.close();
        return removal.end(false);
      }
      isAnswered = true;
      await removal.ask();
    } catch (error) {
      if (isGone(error)) return removal.end(true);
      // Servers that answer nobody are told of by whoever wants to write.
      if (isAnswered) this.#failed(removal, error);
      else removal.failingSinceMs = undefined;
      return this.#later(removal);
    }
    removal.end(true);
  }

  #failed(removal: Removal, error: unknown): void {
    const nowMs = performance.now();
    removal.failingSinceMs ??= nowMs;
    if (nowMs - removal.failingSinceMs < STUCK_MS.first || nowMs - this.#toldMs < STUCK_MS.again) return;
    this.#toldMs = nowMs;
    this.#onStuck(error instanceof Error ? error.message : String(error));
  }

  /** No leader, not connected, or refused: the message stays until the servers remove it. */
  #later(removal: Removal): void {
    setTimeout(() => {
      if (this.#closed) removal.end(false);
      else this.#queue.push(removal);
      this.#pump();
    }, PAUSE_MS);
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
