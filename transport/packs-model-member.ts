import type { Address, Delivery, MailboxMessage } from '#actors';
import type { ActorState } from '../actors/actor-state.ts';
import { admit, doneBelow, mayBeForgotten, refresh, remember } from '../actors/admit.ts';
import { DEFAULT_LIMITS } from '../actors/limits.ts';
import { type LineItem, MailboxLine } from './mailbox-line.ts';
import { keyOf } from './message-key.ts';
import { positionIn } from './pack.ts';
import type { PackMember } from './pack-sweeper.ts';
import { PackedMessages } from './packed-messages.ts';
import type { Actor, Entry, Letter, Store } from './packs-model-store.ts';

const ROOM = 6;
export const STORE = 'one';

interface Handed {
  readonly item: LineItem;
  readonly line: MailboxLine;
}

interface Cell {
  readonly actor: Actor;
  readonly queue: Handed[];
  readonly recognised: Map<string, MailboxMessage>;
  loaded: { readonly version: number; readonly state: ActorState } | undefined;
}

/** One partition on one host: what `MailboxConsumer`, its feed and `ActorCell` do with messages. */
export class Member implements PackMember {
  readonly partition: number;
  readonly messages = new PackedMessages(() => performance.now());
  readonly isCrowded = (): boolean => false;
  readonly position = (): number => this.#read;
  readonly #store: Store;
  readonly #onPack: (sequence: number) => void;
  readonly #lines = new Map<Address, MailboxLine>();
  readonly #cells = new Map<Address, Cell>();
  #read = 0;

  constructor(partition: number, store: Store, onPack: (sequence: number) => void) {
    this.partition = partition;
    this.#store = store;
    this.#onPack = onPack;
  }

  /** The next stored message; now and then one that is gone already, as from a server that lags. False: there is none. */
  read(): boolean {
    const { log, random, reliable } = this.#store;
    for (let at = this.#read; at < log.length; at += 1) {
      const entry = log[at];
      if (entry === undefined || (!entry.isStored && (reliable || random(5) > 0))) continue;
      const own = entry.letters.filter(({ partition }) => partition === this.partition);
      if (!entry.isPack && own.length === 0) continue;
      this.#read = entry.sequence;
      if (entry.isPack) this.#onPack(entry.sequence);
      if (own.length > 0) this.#receive(entry, own);
      return true;
    }
    return false;
  }

  #receive({ sequence, isPack, letters }: Entry, own: readonly Letter[]): void {
    if (isPack) this.messages.seen(sequence, own.length);
    for (const letter of own) {
      const position = isPack ? positionIn(sequence, letters.indexOf(letter)) : sequence;
      const { message } = letter;
      this.#lineOf(message.to).offer({ message, sequence, position, packed: isPack, released: () => {} }, ROOM);
    }
  }

  #lineOf(to: Address): MailboxLine {
    const known = this.#lines.get(to);
    if (known !== undefined) return known;
    const hand = (item: LineItem): number => this.#cellOf(to).queue.push({ item, line });
    const line = new MailboxLine({ hand, vanished: () => {} });
    this.#lines.set(to, line);
    return line;
  }

  #cellOf(to: Address): Cell {
    const known = this.#cells.get(to);
    if (known !== undefined) return known;
    const actor = this.#store.actors.find(({ address }) => address === to);
    if (actor === undefined) throw new Error(`no actor ${to}`);
    const cell = { actor, queue: [], recognised: new Map<string, MailboxMessage>(), loaded: undefined };
    this.#cells.set(to, cell);
    return cell;
  }

  /** As a look through the journal does now and then: whose actor moved on without it loads it again. */
  lookThrough(): void {
    for (const cell of this.#cells.values()) {
      if (cell.loaded !== undefined && cell.loaded.version < cell.actor.version) cell.loaded = undefined;
    }
  }

  /** Reads on what was left in the stream, or learns that it is gone. False: nothing to do. */
  readLate(): boolean {
    for (const [to, line] of this.#lines) {
      const from = line.unreadFrom;
      if (from === undefined || line.size > ROOM / 2) continue;
      const isNext = ({ sequence, isPack, isStored, letters }: Entry): boolean =>
        sequence >= from && !isPack && isStored && letters[0]?.message.to === to;
      const entry = this.#store.log.find(isNext);
      const [letter] = entry?.letters ?? [];
      if (entry === undefined || letter === undefined) line.passOver(from);
      else {
        const { sequence } = entry;
        line.offerAgain({ message: letter.message, sequence, position: sequence, released: () => {} });
      }
      return true;
    }
    return false;
  }

  /** One message of one actor goes through the cycle. `dies`: the host ends between commit and acknowledgement. */
  step(dies: boolean): boolean {
    const cells = [...this.#cells.values()].filter(({ actor, queue }) => !actor.parked && queue.length > 0);
    const cell = cells[this.#store.random(Math.max(1, cells.length))];
    const [handed] = cell?.queue ?? [];
    if (cell === undefined || handed === undefined) return false;
    this.#take(cell, handed, dies);
    return true;
  }

  #take(cell: Cell, { item, line }: Handed, dies: boolean): void {
    const { actor, queue } = cell;
    cell.loaded ??= this.#load(cell);
    const { state, version } = cell.loaded;
    const delivery = this.#delivery(item, line);
    const acknowledge = (below: number | undefined): void => {
      queue.shift();
      if (!dies) this.#done(item, line, below);
    };
    const admission = admit(state, delivery);
    if (admission === 'known') {
      refresh(state, item.message);
      cell.recognised.set(keyOf(item.message), item.message);
      acknowledge(doneBelow(state, delivery));
      return;
    }
    if (admission === 'early') {
      queue.push(...queue.splice(0, 1));
      return;
    }
    if (mayBeForgotten(state, delivery) && !this.#store.isStored(item.sequence)) {
      acknowledge(undefined);
      return;
    }
    remember(state, delivery, DEFAULT_LIMITS);
    if (!this.#store.commit(actor, version, state, item.message)) {
      cell.loaded = undefined;
      return;
    }
    cell.recognised.clear();
    cell.loaded = { version: version + 1, state };
    acknowledge(doneBelow(state, delivery));
  }

  #load({ actor, recognised }: Cell): { version: number; state: ActorState } {
    const state = structuredClone(actor.state);
    for (const message of recognised.values()) refresh(state, message);
    return { version: actor.version, state };
  }

  #delivery(item: LineItem, line: MailboxLine): Delivery {
    const isStored = async (): Promise<boolean> => this.#store.isStored(item.sequence);
    const { message, position } = item;
    const rest = { attempt: 1, doneBelow: () => line.doneBelow(item), ack: () => {}, nak: () => {}, isStored };
    return { message, position, store: STORE, ...rest };
  }

  #done(item: LineItem, line: MailboxLine, below: number | undefined): void {
    line.acknowledged(item, below);
    const removed = (): void => {
      line.removed(item);
      if (line.isEmpty && this.#lines.get(item.message.to) === line) this.#lines.delete(item.message.to);
    };
    const entry = this.#store.log[item.sequence - 1];
    if (item.packed === true) this.messages.acknowledged(item.sequence, removed);
    else if (entry !== undefined) this.#store.remove([entry], removed);
  }
}
