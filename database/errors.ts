import { TerminalError } from '#actors';

/** The server answered that it will never do this as asked: wrong password, no right, not a replica set. */
export class DatabaseRefused extends TerminalError {
  override readonly name = 'DatabaseRefused';
  readonly code = 'DATABASE_REFUSED';
}

/** The store let two writers win one race: ownership kept in it would let a VM run twice. The evidence is in the text. */
export class StoreNotAtomic extends TerminalError {
  override readonly name = 'StoreNotAtomic';
  readonly code = 'STORE_NOT_ATOMIC';
}
