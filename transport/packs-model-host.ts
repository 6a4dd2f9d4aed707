import type { Bus } from '#actors';
import { PackSweeper } from './pack-sweeper.ts';
import { Member, STORE } from './packs-model-member.ts';
import { PARTITIONS, type Store } from './packs-model-store.ts';

/** A host: any number of partitions, whoever else may believe to have them. */
export class Host {
  readonly members = new Set<Member>();
  readonly sweeper: PackSweeper;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.sweeper = new PackSweeper({
      // Only what is called there: no requests.
      bus: store.bus as Bus,
      ...{ partitions: PARTITIONS, identity: STORE, nowMs: () => performance.now() },
      purge: (below, removed) => store.remove(store.packsBelow(below), removed),
      remove: (sequence, removed) => {
        const entry = store.log[sequence - 1];
        store.remove(entry === undefined ? [] : [entry], removed);
      },
    });
  }

  join(partition: number): void {
    const member = new Member(partition, this.#store, (sequence) => this.sweeper.seen(sequence));
    this.members.add(member);
    this.sweeper.add(member);
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.sweeper.remove(member);
  }

  /** Ends without a word. */
  die(): void {
    this.members.clear();
    this.sweeper.stop();
  }
}
