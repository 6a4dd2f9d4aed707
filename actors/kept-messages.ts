import type { Work } from './commit-step.ts';

export type MessageWork = Extract<Work, { kind: 'message' }>;

/** What a parked actor was sent, for later, in order. A message that comes once more takes the place of the first. */
export class KeptMessages {
  readonly #works = new Map<string, MessageWork>();

  get size(): number {
    return this.#works.size;
  }

  keep(work: MessageWork): void {
    this.#works.set(work.delivery.message.id, work);
  }

  takeAll(): MessageWork[] {
    const all = [...this.#works.values()];
    this.#works.clear();
    return all;
  }
}
