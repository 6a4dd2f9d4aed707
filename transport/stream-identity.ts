/** What the servers tell about a stream. */
export interface StreamBirth {
  /** When it was made: another stream of the same name has another. */
  readonly created: string;
}

/**
 * Which stream it is that bears our name. One that was removed and made again numbers its messages from the start, so what is
 * known by number (read up to there, done with up to there) must never be applied to it: that would destroy new messages.
 */
export class StreamIdentity {
  readonly #look: () => Promise<StreamBirth>;
  #created: string;
  #seenMs = performance.now();
  #looking: Promise<void> | undefined;
  #onReplaced: () => void = () => {};

  /** `look` asks the servers; it may throw. */
  constructor(look: () => Promise<StreamBirth>, first: StreamBirth) {
    this.#look = look;
    this.#created = first.created;
  }

  get created(): string {
    return this.#created;
  }

  /** Called each time the stream turns out to be another one than before. */
  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  /** Something the servers said by the way. */
  observe({ created }: StreamBirth): void {
    this.#seenMs = performance.now();
    if (created === this.#created) return;
    this.#created = created;
    this.#onReplaced();
  }

  /** Whether it still is the stream made then, as known for `maxAgeMs` at most. Throws what `look` throws. */
  async isStill(created: string, maxAgeMs: number): Promise<boolean> {
    if (performance.now() - this.#seenMs > maxAgeMs) {
      this.#looking ??= this.#look()
        .then((seen) => this.observe(seen))
        .finally(() => {
          this.#looking = undefined;
        });
      await this.#looking;
    }
    return this.#created === created;
  }
}
