/**
 * Mirror of what one actor remembers of its messages, by key (id or sender): those it took since the oldest that may still
 * be stored, in the order in which it last took each, and those it has and did not take yet.
 *
 * Invariant: after a message that may come again the actor took at most `size - 1` other keys, and has none beyond them. So
 * an actor that remembers `size` keys recognises it, however long its removal takes and however many others went through.
 */
export class TakenSpan {
  /** Messages taken and not certainly removed, by key. A key without any leaves once it is the oldest. */
  readonly #taken = new Map<string, number>();
  /** Messages handed out and not taken yet, by key. */
  readonly #handed = new Map<string, number>();
  /** Keys of `#handed` that `#taken` does not have. */
  #onlyHanded = 0;

  /** Keys that the actor must be able to tell apart. */
  get size(): number {
    return this.#taken.size + this.#onlyHanded;
  }

  /** True when a message of that key makes the span no longer. */
  has(key: string): boolean {
    return this.#taken.has(key) || this.#handed.has(key);
  }

  hand(key: string): void {
    const before = this.#handed.get(key) ?? 0;
    this.#handed.set(key, before + 1);
    if (before === 0 && !this.#taken.has(key)) this.#onlyHanded += 1;
  }

  /** The actor took it: as its own memory does, this one moves the key to the young end. */
  take(key: string): void {
    const left = (this.#handed.get(key) ?? 0) - 1;
    const unremoved = this.#taken.get(key);
    if (left > 0) this.#handed.set(key, left);
    else this.#handed.delete(key);
    if (unremoved === undefined) this.#onlyHanded -= 1;
    else this.#taken.delete(key);
    this.#taken.set(key, (unremoved ?? 0) + 1);
    this.#forget();
  }

  /** A taken message is certainly no longer stored. */
  removed(key: string): void {
    this.#taken.set(key, (this.#taken.get(key) ?? 1) - 1);
    this.#forget();
  }

  /** Keys of which nothing can come again, from the old end on. */
  #forget(): void {
    for (const [key, unremoved] of this.#taken) {
      if (unremoved > 0) return;
      this.#taken.delete(key);
      if (this.#handed.has(key)) this.#onlyHanded += 1;
    }
  }
}
