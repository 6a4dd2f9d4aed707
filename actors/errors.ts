/** Trying again later may work. */
export abstract class RetryableError extends Error {
  abstract readonly code: string;
  readonly retryable = true;
}

/** Trying the same again cannot work. */
export abstract class TerminalError extends Error {
  abstract readonly code: string;
  readonly retryable = false;
}

/** The messaging servers did not answer. Whether a write landed is unknown: read before deciding anything. */
export class TransportUnavailable extends RetryableError {
  override readonly name = 'TransportUnavailable';
  readonly code = 'TRANSPORT_UNAVAILABLE';
}

/** Another host committed a step of this actor first. Drop what was computed, load the actor again. */
export class StaleCommit extends TerminalError {
  override readonly name = 'StaleCommit';
  readonly code = 'STALE_COMMIT';
}

/** The actor's mailbox is at its limit: slow down, try again. */
export class MailboxFull extends RetryableError {
  override readonly name = 'MailboxFull';
  readonly code = 'MAILBOX_FULL';
}

/** Nobody answered a bus request in time. */
export class RequestTimeout extends RetryableError {
  override readonly name = 'RequestTimeout';
  readonly code = 'REQUEST_TIMEOUT';
}

/** The answering side threw; its message and code are in the text. */
export class RequestFailed extends TerminalError {
  override readonly name = 'RequestFailed';
  readonly code = 'REQUEST_FAILED';
}
