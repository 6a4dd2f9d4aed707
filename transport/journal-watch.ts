import type { StreamFeed } from './stream-feed.ts';

/** Opens a feed that begins at that sequence, of the stream as it is now. Throws when nobody answers for long. */
export type OpenFeed = (from: number) => Promise<StreamFeed>;

/** What somebody watches: goes on until stopped, on another stream of the same name too. */
export class JournalWatch {
  readonly #open: OpenFeed;
  readonly #isClosed: () => boolean;
  /** Undefined while another one is being opened. */
  #feed: StreamFeed | undefined;
  #turn = 0;

  private constructor(open: OpenFeed, isClosed: () => boolean, feed: StreamFeed) {
    this.#open = open;
    this.#isClosed = isClosed;
    this.#feed = feed;
  }

  /** `isClosed`: nobody will answer any more. Throws as `open`. */
  static async open(open: OpenFeed, isClosed: () => boolean, from: number): Promise<JournalWatch> {
    return new JournalWatch(open, isClosed, await open(from));
  }

  /** The stream is another one than before: reads that one, from its first message on. */
  startAnew(): void {
    void this.stop();
    void this.#reopen(this.#turn);
  }

  async stop(): Promise<void> {
    this.#turn += 1;
    const feed = this.#feed;
    this.#feed = undefined;
    await feed?.stop();
  }

  async #reopen(turn: number): Promise<void> {
    while (turn === this.#turn && !this.#isClosed()) {
      try {
        const feed = await this.#open(1);
        if (turn === this.#turn) this.#feed = feed;
        else await feed.stop();
        return;
      } catch {
        // No leader or not connected: asked again until the servers are back.
      }
    }
  }
}
