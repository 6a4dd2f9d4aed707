import type { JournalEntry } from '#actors';
import type { NodeId } from '#machines';
import { type Body, recordOf } from './watcher.ts';

/**
 * What users ordered, as the database has it, and since when. Whoever decides may have read the database before the order
 * stood there; a placement that began to read after that, and to whom it stood until the end, has seen it.
 */
export class StandingOrders {
  /** Counts what is seen: two things at one instant are still in order. */
  #seen = 0;
  #placementBegan = 0;
  #isDeciding = false;
  #disarmedSince: number | undefined;
  readonly #maintainedSince = new Map<NodeId, number>();

  documentChanged(collection: string, id: string, after: Body | undefined): void {
    this.#seen += 1;
    if (collection === 'settings') {
      this.#disarmedSince = after?.armed === false ? (this.#disarmedSince ?? this.#seen) : undefined;
    }
    if (collection !== 'nodes') return;
    const node = id as NodeId; // the id of a node's document
    if (after?.maintenance !== true) this.#maintainedSince.delete(node);
    else if (!this.#maintainedSince.has(node)) this.#maintainedSince.set(node, this.#seen);
  }

  /** To be told after whoever asks about the same step has asked. */
  committed(entry: JournalEntry): void {
    if (entry.address !== 'cluster/main') return;
    this.#seen += 1;
    const isDeciding = recordOf(entry).snapshot.value === 'deciding';
    if (isDeciding && !this.#isDeciding) this.#placementBegan = this.#seen;
    this.#isDeciding = isDeciding;
  }

  /** HA was disarmed before the placement that ends now began to read, and is. */
  get isDisarmedForPlacement(): boolean {
    return this.#disarmedSince !== undefined && this.#disarmedSince < this.#placementBegan;
  }

  /** The same of a node in maintenance. */
  isMaintainedForPlacement(node: string): boolean {
    const since = this.#maintainedSince.get(node as NodeId); // the product's own names of nodes
    return since !== undefined && since < this.#placementBegan;
  }
}
