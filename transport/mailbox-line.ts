import type { MailboxMessage } from '#actors';
import { isExternal, keyOf } from './message-key.ts';
import { nextPosition } from './pack.ts';
import { TakenSpan } from './taken-span.ts';

/**
 * How many ids of messages from outside, and how many sending actors, one actor may have to tell apart (see `TakenSpan`). It
 * remembers its last 32 ids and 512 senders. `urgent`: for what ends or releases it, so that this finds room when the rest
 * has none.
 */
const IDS = { ordinary: 24, urgent: 32 };
const SENDERS = { ordinary: 248, urgent: 256 };
/** As many removals are worth a request of their own. */
const WORTH_HURRYING = 64;

export interface LineItem {
  readonly message: MailboxMessage;
  /** Of what is stored: the message or its pack. */
  readonly sequence: number;
  /** Of the message alone. */
  readonly position: number;
  /** True when it came in a pack: then it is kept in memory, because its pack is not read again. */
  readonly packed?: boolean;
  /** Called once it is acknowledged. */
  readonly released: () => void;
}

export interface LineEdges {
  readonly hand: (item: LineItem) => void;
  /** A message that was skipped is no longer stored: another owner removed it. */
  readonly vanished: (sequence: number) => void;
}

/**
 * What is in memory of one actor's mailbox. What does not fit is skipped, stays in the stream and is read again later, so
 * that an actor that takes nothing (parked, of a newer version, slow) holds up neither its neighbours nor the memory.
 */
export class MailboxLine {
  readonly #edges: LineEdges;
  readonly #waiting: LineItem[] = [];
  readonly #urgent: LineItem[] = [];
  readonly #skipped: number[] = [];
  #firstSkipped = 0;
  /** Letters of packs that came after messages left in the stream: an actor that forgot their sender would lose these. */
  readonly #behind: LineItem[] = [];
  #handed = 0;
  #unremoved = 0;
  #held = false;
  /** Of messages not acknowledged yet, rising. */
  readonly #open = new Set<number>();
  #seenUpTo = 0;
  /** Taken ones that the actor tells apart only as long as it remembers their sender or id. */
  readonly #uncovered = new Set<LineItem>();
  readonly #ids = new TakenSpan();
  readonly #senders = new TakenSpan();

  constructor(edges: LineEdges) {
    this.#edges = edges;
  }

  /** Messages in memory, but for letters that wait behind what is left in the stream. */
  get size(): number {
    return this.#handed + this.#waiting.length + this.#urgent.length;
  }

  /** Sequence of the oldest message left in the stream. */
  get unreadFrom(): number | undefined {
    return this.#skipped[this.#firstSkipped];
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#unremoved === 0 && this.unreadFrom === undefined;
  }

  /** True when messages wait for the removal of those before. */
  get isHeld(): boolean {
    return this.#held;
  }

  /** True when messages wait for the removal of those before, and enough of these are acknowledged. */
  get awaitsRemoval(): boolean {
    return this.#held && (this.#handed === 0 || this.#unremoved - this.#handed >= WORTH_HURRYING);
  }

  /** A message as the partition's own feed sees it, in rising order. `room`: how many may be in memory. */
  offer(item: LineItem, room: number): void {
    this.#open.add(item.position);
    this.#seenUpTo = item.position;
    if (item.message.urgent === true) this.#admit(item, this.#urgent);
    else if (item.packed === true && this.unreadFrom !== undefined) this.#behind.push(item);
    else if (item.packed !== true && (this.unreadFrom !== undefined || this.size >= room))
      this.#skipped.push(item.sequence);
    else this.#admit(item, this.#waiting);
  }

  /** A message read again. Whether it was one of those skipped. */
  offerAgain(item: LineItem): boolean {
    let next = this.unreadFrom;
    for (; next !== undefined && next < item.sequence; next = this.unreadFrom) this.#pass(next);
    const read = next === item.sequence;
    if (read) this.#pass(item);
    this.#advance();
    return read;
  }

  /** The oldest message left in the stream, if it is that one, is no longer stored. */
  passOver(sequence: number): void {
    if (this.unreadFrom !== sequence) return;
    this.#pass(sequence);
    this.#advance();
  }

  /** Past the oldest message left in the stream: read again, or gone. */
  #pass(skipped: LineItem | number): void {
    this.#firstSkipped += 1;
    if (typeof skipped !== 'number') this.#waiting.push(skipped);
    else {
      this.#open.delete(skipped);
      this.#edges.vanished(skipped);
    }
    // Letters whose turn it is.
    const until = this.unreadFrom ?? Number.POSITIVE_INFINITY;
    const end = this.#behind.findIndex(({ position }) => position > until);
    this.#waiting.push(...this.#behind.splice(0, end < 0 ? this.#behind.length : end));
    if (this.unreadFrom !== undefined) return;
    this.#skipped.length = 0;
    this.#firstSkipped = 0;
  }

  /**
   * Every message at a lower position is acknowledged, that item apart. Later ones come in rising order, so it stays true.
   */
  doneBelow({ position }: LineItem): number {
    for (const open of this.#open) if (open !== position) return open;
    return nextPosition(this.#seenUpTo);
  }

  /** `doneBelow`: by its committed state the actor knows all below again, whoever sent it. */
  acknowledged(item: LineItem, doneBelow = 0): void {
    this.#handed -= 1;
    this.#open.delete(item.position);
    this.#spanOf(item.message).take(keyOf(item.message));
    this.#uncovered.add(item);
    item.released();
    let any = false;
    for (const taken of this.#uncovered) {
      if (taken.position >= doneBelow) break;
      this.#forget(taken);
      any = true;
    }
    if (any) this.#advance();
  }

  /** The message was acknowledged and is certainly no longer stored. */
  removed(item: LineItem): void {
    if (!this.#uncovered.has(item)) return;
    this.#forget(item);
    this.#advance();
  }

  #forget(item: LineItem): void {
    this.#uncovered.delete(item);
    this.#unremoved -= 1;
    this.#spanOf(item.message).removed(keyOf(item.message));
  }

  #spanOf(message: MailboxMessage): TakenSpan {
    return isExternal(message) ? this.#ids : this.#senders;
  }

  #admit(item: LineItem, to: LineItem[]): void {
    to.push(item);
    this.#advance();
  }

  #advance(): void {
    const urgentHeld = this.#handUntilFull(this.#urgent);
    this.#held = this.#handUntilFull(this.#waiting) || urgentHeld;
  }

  /** True when some are left. */
  #handUntilFull(items: LineItem[]): boolean {
    for (let next = items[0]; next !== undefined; next = items[0]) {
      if (this.#isFullFor(next.message)) return true;
      items.shift();
      this.#hand(next);
    }
    return false;
  }

  #isFullFor(message: MailboxMessage): boolean {
    const most = isExternal(message) ? IDS : SENDERS;
    const span = this.#spanOf(message);
    return span.size >= (message.urgent === true ? most.urgent : most.ordinary) && !span.has(keyOf(message));
  }

  #hand(item: LineItem): void {
    this.#handed += 1;
    this.#unremoved += 1;
    this.#spanOf(item.message).hand(keyOf(item.message));
    this.#edges.hand(item);
  }
}
