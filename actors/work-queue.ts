import type { Work } from './commit-step.ts';
import { isControl } from './control.ts';

export type MessageWork = Extract<Work, { kind: 'message' }>;

/**
 * What one actor has to do, in order, and apart from it the messages it keeps while it is parked: of those, one that comes
 * once more takes the place of the first.
 */
export class WorkQueue {
  readonly #works: Work[] = [];
  readonly #kept = new Map<number, MessageWork>();

  push(work: Work): void {
    this.#works.push(work);
  }

  /** Before all others: it is tried again. */
  putBack(...works: readonly Work[]): void {
    this.#works.unshift(...works);
  }

  /** `controlFirst`: what ends or releases the actor before all others. */
  next(controlFirst: boolean): Work | undefined {
    const at = controlFirst ? this.#works.findIndex(isControlWork) : -1;
    return at < 0 ? this.#works.shift() : this.#works.splice(at, 1)[0];
  }

  get keepsAny(): boolean {
    return this.#kept.size > 0;
  }

  keep(work: MessageWork): void {
    // By its place: the same message may be stored twice, and each is to be acknowledged.
    this.#kept.set(work.delivery.position, work);
  }

  /** What was kept comes next, in order. */
  unkeep(): void {
    this.putBack(...this.#kept.values());
    this.#kept.clear();
  }

  /** Everything, kept or not, which is gone from here then. */
  takeAll(): Work[] {
    const all = [...this.#kept.values(), ...this.#works.splice(0)];
    this.#kept.clear();
    return all;
  }
}

function isControlWork(work: Work): boolean {
  return work.kind === 'message' && isControl(work.delivery.message.event);
}
