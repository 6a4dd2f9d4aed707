import { type Address, type MailboxMessage, partitionOf } from '#actors';
import { InvalidAddress } from './errors.ts';

const PLAIN = /^[A-Za-z0-9_-]+$/;

/** One subject token of any text: what a token must not contain becomes `=HH` (UTF-8, hexadecimal). */
export function toToken(text: string): string {
  if (PLAIN.test(text)) return text;
  let token = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    token += PLAIN.test(char) ? char : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return token;
}

/** A token that is none of ours stays as it is: whoever reads a partition must get past it. */
export function fromToken(token: string): string {
  if (!token.includes('=')) return token;
  try {
    return decodeURIComponent(token.replaceAll('=', '%'));
  } catch {
    return token;
  }
}

/**
 * Names of the stream's subjects: `<prefix>.q.<partition>.<kind>.<id>.<message>` for mailboxes (the last token unique, so
 * that the limit on messages a subject, which trims journals, never trims a mailbox), `<prefix>.q.p.<pack>` for messages of
 * several partitions in one, and `<prefix>.j.<partition>.<kind>.<id>` for journals.
 */
export class Subjects {
  readonly prefix: string;
  readonly partitions: number;

  constructor(prefix: string, partitions: number) {
    this.prefix = prefix;
    this.partitions = partitions;
  }

  /** Everything the stream holds. */
  get all(): string[] {
    return [
      `${this.prefix}.q.>`,
      `${this.prefix}.j.>`,
      `${this.prefix}.t.>`,
      `${this.prefix}.probe.>`,
      `${this.prefix}.dead.>`,
    ];
  }

  #place(address: Address): string {
    const slash = address.indexOf('/');
    if (slash <= 0 || slash === address.length - 1) throw new InvalidAddress(`"${address}" is not kind/id`);
    const kind = toToken(address.slice(0, slash));
    return `${partitionOf(address, this.partitions)}.${kind}.${toToken(address.slice(slash + 1))}`;
  }

  journal(address: Address): string {
    return `${this.prefix}.j.${this.#place(address)}`;
  }

  journalsOf(partition: number): string {
    return `${this.prefix}.j.${partition}.>`;
  }

  journalsOfKind(kind: string): string {
    return `${this.prefix}.j.*.${toToken(kind)}.*`;
  }

  mailbox(message: MailboxMessage): string {
    return `${this.prefix}.q.${this.#place(message.to)}.${toToken(message.id)}`;
  }

  /** Where a scheduled message waits; one of each name an actor. */
  schedule(address: Address, name: string): string {
    return `${this.prefix}.t.${this.#place(address)}.${toToken(name)}`;
  }

  mailboxOf(address: Address): string {
    return `${this.prefix}.q.${this.#place(address)}.*`;
  }

  /** Of all partitions, with the packs. */
  get mailboxes(): string {
    return `${this.prefix}.q.>`;
  }

  /** Of all partitions, without the packs. */
  get singles(): string {
    return `${this.prefix}.q.*.*.*.*`;
  }

  pack(token: string): string {
    return `${this.prefix}.q.p.${token}`;
  }

  get packs(): string {
    return `${this.prefix}.q.p.*`;
  }

  isPack(subject: string): boolean {
    return subject.startsWith('q.p.', this.prefix.length + 1);
  }

  /** The partition whose mailbox or journal a subject is. */
  partitionOf(subject: string): number {
    const begin = this.prefix.length + 3;
    return Number(subject.slice(begin, subject.indexOf('.', begin)));
  }

  mailboxesOf(partition: number): string {
    return `${this.prefix}.q.${partition}.>`;
  }

  probe(token: string): string {
    return `${this.prefix}.probe.${token}`;
  }

  /** Of messages for that actor; of what names none when it is not given. The last ones of each are kept, as of a journal. */
  deadLetter(address?: Address): string {
    return `${this.prefix}.dead.${address === undefined ? 'unreadable' : this.#place(address)}`;
  }

  get deadLetters(): string {
    return `${this.prefix}.dead.>`;
  }

  /** The actor whose journal a subject is. */
  addressOf(journalSubject: string): Address {
    const [kind = '', id = ''] = journalSubject
      .slice(this.prefix.length + 1)
      .split('.')
      .slice(2);
    // A subject this class made, so both parts are there.
    return `${fromToken(kind)}/${fromToken(id)}` as Address;
  }
}
