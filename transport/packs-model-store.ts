import type { Address, Bus, MailboxMessage } from '#actors';
import { type ActorState, emptyState } from '../actors/actor-state.ts';
import { nextSequence } from '../actors/sequence.ts';

export const PARTITIONS = 3;

/** Whole numbers below `below`, the same for the same seed. */
export type Random = (below: number) => number;

export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export interface Letter {
  readonly partition: number;
  readonly message: MailboxMessage;
}

export interface Entry {
  readonly sequence: number;
  readonly isPack: boolean;
  readonly letters: readonly Letter[];
  isStored: boolean;
}

export interface Actor {
  readonly address: Address;
  readonly partition: number;
  state: ActorState;
  version: number;
  parked: boolean;
}

/**
 * The servers, as far as messages in packs and alone are concerned: what is stored, what every actor has committed, news that
 * is late, lost or doubled. Throws when a message is taken twice, or removed before it was taken.
 */
export class Store {
  readonly random: Random;
  readonly log: Entry[] = [];
  readonly actors: readonly Actor[];
  readonly taken = new Set<string>();
  /** What the servers were asked for and have not done, and answers on their way. */
  readonly pending: (() => void)[] = [];
  readonly #news: (() => void)[] = [];
  readonly #listeners = new Set<(payload: unknown) => void>();
  readonly #sent = new Map<string, number>();
  reliable = false;

  constructor(random: Random) {
    this.random = random;
    this.actors = Array.from({ length: PARTITIONS * 2 }, (_, i) => ({
      ...{ address: `hub/${i}` as Address, partition: i % PARTITIONS, version: 0, parked: false },
      state: emptyState(),
    }));
  }

  get bus(): Pick<Bus, 'publish' | 'subscribe'> {
    return {
      publish: (_subject, payload) => {
        for (const listener of this.#listeners) {
          const copies = this.reliable ? 1 : ([0, 1, 1, 2][this.random(4)] ?? 1);
          for (let n = 0; n < copies; n += 1) this.#news.push(() => listener(structuredClone(payload)));
        }
      },
      subscribe: (_subject, listener) => {
        const own = (payload: unknown): void => listener(payload, '');
        this.#listeners.add(own);
        return () => this.#listeners.delete(own);
      },
    };
  }

  /** One piece of news arrives, any of them; in order when `reliable`. */
  hear(): void {
    const [news] = this.#news.splice(this.reliable ? 0 : this.random(Math.max(1, this.#news.length)), 1);
    news?.();
  }

  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** One request is done, or one answer comes. */
  serve(): void {
    const [next] = this.pending.splice(this.random(Math.max(1, this.pending.length)), 1);
    next?.();
  }

  /** A message of one of many senders, numbered as the runtime does. */
  letter(to: Actor, senders: number): Letter {
    const from = `sender/${this.random(senders)}`;
    const lane = `${from}>${to.address}`;
    const sequence = nextSequence(this.#sent.get(lane), 1);
    this.#sent.set(lane, sequence);
    const message = { id: `${lane}#${sequence}`, to: to.address, from, sequence, event: { type: 'x' } };
    return { partition: to.partition, message };
  }

  store(isPack: boolean, letters: readonly Letter[]): void {
    this.log.push({ sequence: this.log.length + 1, isPack, letters, isStored: true });
  }

  isStored(sequence: number): boolean {
    return this.log[Math.floor(sequence) - 1]?.isStored === true;
  }

  remove(entries: readonly Entry[], removed: () => void): void {
    this.pending.push(() => {
      for (const entry of entries) {
        for (const { message } of entry.letters) {
          if (!this.taken.has(message.id)) throw new Error(`${message.id} was removed before it was taken`);
        }
        entry.isStored = false;
      }
      this.pending.push(removed);
    });
  }

  packsBelow(sequence: number): Entry[] {
    return this.log.filter((entry) => entry.isPack && entry.isStored && entry.sequence < sequence);
  }

  /** False when it lost its compare-and-set. */
  commit(actor: Actor, version: number, state: ActorState, message: MailboxMessage): boolean {
    if (actor.version !== version) return false;
    if (this.taken.has(message.id)) throw new Error(`${message.id} was taken twice`);
    this.taken.add(message.id);
    actor.version += 1;
    actor.state = structuredClone(state);
    return true;
  }
}
