import type { MailboxMessage } from '#actors';

/**
 * External messages of one actor handed out and not yet certainly removed, at most. Actors remember the ids of their last
 * 32 external messages; what can come again after a crash must stay below that, or it would be applied twice.
 */
const LIMIT = 24;

interface Line {
  unremoved: number;
  readonly waiting: { readonly message: MailboxMessage; readonly go: () => void }[];
}

/** A message from outside the actor system: it has no cursor, only its id tells a repetition. */
export function isExternal(message: MailboxMessage): boolean {
  return message.from.startsWith('external:');
}

/** Holds messages back, in order per actor, while too many external ones before them are not removed. */
export class ExternalWindow {
  readonly #lines = new Map<string, Line>();

  /** Calls `go` at once, or when there is room. */
  admit(message: MailboxMessage, go: () => void): void {
    const line = this.#lines.get(message.to);
    if (line === undefined && !isExternal(message)) {
      go();
      return;
    }
    const held = line ?? { unremoved: 0, waiting: [] };
    this.#lines.set(message.to, held);
    held.waiting.push({ message, go });
    this.#advance(message.to, held);
  }

  removed(message: MailboxMessage): void {
    const line = this.#lines.get(message.to);
    if (line === undefined) throw new Error(`a removal nobody waits for: ${message.id}`);
    line.unremoved -= 1;
    this.#advance(message.to, line);
  }

  #advance(to: string, line: Line): void {
    for (let next = line.waiting[0]; next !== undefined; next = line.waiting[0]) {
      const external = isExternal(next.message);
      if (external && line.unremoved >= LIMIT) return;
      if (external) line.unremoved += 1;
      line.waiting.shift();
      next.go();
    }
    if (line.unremoved === 0) this.#lines.delete(to);
  }
}
