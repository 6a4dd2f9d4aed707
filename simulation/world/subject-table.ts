interface Listed<Item> {
  readonly item: Item;
  readonly order: number;
}

/** Subjects remembered; those with an id of their own (replies) would be ever more. */
const KNOWN_SUBJECTS = 1000;

/** Who listens to which subject; `a.>` stands for everything below `a`. */
export class SubjectTable<Item extends { readonly subject: string }> {
  readonly #exact = new Map<string, Set<Listed<Item>>>();
  /** By the part before `>`. */
  readonly #below = new Map<string, Set<Listed<Item>>>();
  /** What was asked before and has not changed since. */
  readonly #known = new Map<string, readonly Item[]>();
  #order = 0;

  /** Returns how to take it out again. */
  add(item: Item): () => void {
    const { subject } = item;
    const wild = subject.endsWith('.>');
    const table = wild ? this.#below : this.#exact;
    const key = wild ? subject.slice(0, -1) : subject;
    const listed = { item, order: this.#order++ };
    const items = table.get(key) ?? new Set();
    table.set(key, items.add(listed));
    this.#known.clear();
    return () => {
      if (!items.delete(listed)) return;
      if (items.size === 0 && table.get(key) === items) table.delete(key);
      this.#known.clear();
    };
  }

  /** Those who listen to `subject`, in the order in which they began. */
  for(subject: string): readonly Item[] {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const found = [...(this.#exact.get(subject) ?? [])];
    for (const [prefix, items] of this.#below) if (subject.startsWith(prefix)) found.push(...items);
    const items = found.sort((a, b) => a.order - b.order).map(({ item }) => item);
    if (this.#known.size >= KNOWN_SUBJECTS) this.#known.clear();
    this.#known.set(subject, items);
    return items;
  }
}
