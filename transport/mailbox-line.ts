import type { MailboxMessage } from '#actors';

/**
 * Removals that may be outstanding for one actor. It remembers the ids of its last 32 external messages and the cursors of
 * its last 512 senders; what can come again after a crash must stay below that, or it would be applied twice.
 */
const EXTERNAL_UNREMOVED = 24;
/** Urgent ones from outside come on top of these. */
const URGENT_UNREMOVED = 8;
const SENDERS_UNREMOVED = 256;
/** As many removals are worth a request of their own. */
const WORTH_HURRYING = 64;

export interface LineItem {
  readonly message: MailboxMessage;
  readonly sequence: number;
  /** Called once it is acknowledged. */
  readonly released: () => void;
}

export interface LineEdges {
  readonly hand: (item: LineItem) => void;
  /** A message that was skipped is no longer stored: another owner removed it. */
  readonly vanished: (sequence: number) => void;
}

/** A message from outside the actor system: it has no cursor, only its id tells a repetition. */
export function isExternal(message: MailboxMessage): boolean {
  return message.from.startsWith('external:');
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
  #handed = 0;
  #unremoved = 0;
  #held = false;
  #externalUnremoved = 0;
  #urgentUnremoved = 0;
  readonly #sendersUnremoved = new Map<string, number>();

  constructor(edges: LineEdges) {
    this.#edges = edges;
  }

  /** Messages in memory. */
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

  /** True when messages wait for the removal of those before, and enough of these are acknowledged. */
  get awaitsRemoval(): boolean {
    return this.#held && (this.#handed === 0 || this.#unremoved - this.#handed >= WORTH_HURRYING);
  }

  /** A message as the partition's own feed sees it, in rising order. `room`: how many may be in memory. */
  offer(item: LineItem, room: number): void {
    if (item.message.urgent === true) this.#admit(item, this.#urgent);
    else if (this.unreadFrom !== undefined || this.size >= room) this.#skipped.push(item.sequence);
    else this.#admit(item, this.#waiting);
  }

  /** A message read again. Whether it was one of those skipped. */
  offerAgain(item: LineItem): boolean {
    for (let next = this.unreadFrom; next !== undefined && next <= item.sequence; next = this.unreadFrom) {
      this.#firstSkipped += 1;
      if (next === item.sequence) {
        this.#admit(item, this.#waiting);
        break;
      }
      this.#edges.vanished(next);
    }
    const read = this.#skipped[this.#firstSkipped - 1] === item.sequence;
    if (this.unreadFrom === undefined) {
      this.#skipped.length = 0;
      this.#firstSkipped = 0;
    }
    return read;
  }

  acknowledged(item: LineItem): void {
    this.#handed -= 1;
    item.released();
  }

  /** The message is certainly no longer stored. */
  removed(message: MailboxMessage): void {
    this.#unremoved -= 1;
    if (isExternal(message)) this.#countExternal(message, -1);
    else {
      const left = (this.#sendersUnremoved.get(message.from) ?? 0) - 1;
      if (left > 0) this.#sendersUnremoved.set(message.from, left);
      else this.#sendersUnremoved.delete(message.from);
    }
    this.#advance();
  }

  #countExternal(message: MailboxMessage, by: number): void {
    this.#externalUnremoved += by;
    if (message.urgent === true) this.#urgentUnremoved += by;
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
    if (!isExternal(message)) {
      const { size } = this.#sendersUnremoved;
      return message.urgent !== true && size >= SENDERS_UNREMOVED && !this.#sendersUnremoved.has(message.from);
    }
    if (message.urgent === true) return this.#urgentUnremoved >= URGENT_UNREMOVED;
    return this.#externalUnremoved >= EXTERNAL_UNREMOVED;
  }

  #hand(item: LineItem): void {
    const { message } = item;
    this.#handed += 1;
    this.#unremoved += 1;
    if (isExternal(message)) this.#countExternal(message, 1);
    else this.#sendersUnremoved.set(message.from, (this.#sendersUnremoved.get(message.from) ?? 0) + 1);
    this.#edges.hand(item);
  }
}
