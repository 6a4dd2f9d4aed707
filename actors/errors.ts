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

/** An address is `kind/id`: kind in lower case letters, digits, `-`; id in letters, digits, `-`, `_`. */
export class InvalidAddress extends TerminalError {
  override readonly name = 'InvalidAddress';
  readonly code = 'INVALID_ADDRESS';
  constructor(text: string) {
    super(`not an actor address: ${JSON.stringify(text)} (want kind/id, for example vm/web-01)`);
  }
}

/** No machine was registered under this kind on this host. */
export class UnknownKind extends TerminalError {
  override readonly name = 'UnknownKind';
  readonly code = 'UNKNOWN_KIND';
}

/** The event does not fit the schema of the receiving kind. Nothing was sent. */
export class MalformedEvent extends TerminalError {
  override readonly name = 'MalformedEvent';
  readonly code = 'MALFORMED_EVENT';
}

/** A machine asked for something the runtime cannot make durable; the text says what to use instead. */
export class UnsupportedAction extends TerminalError {
  override readonly name = 'UnsupportedAction';
  readonly code = 'UNSUPPORTED_ACTION';
}

/** Context, event or effect input holds something that JSON would lose; the text names the path. */
export class NotSerialisable extends TerminalError {
  override readonly name = 'NotSerialisable';
  readonly code = 'NOT_SERIALISABLE';
}

/** The snapshot outgrew the limit `snapshotBytes`. */
export class SnapshotTooLarge extends TerminalError {
  override readonly name = 'SnapshotTooLarge';
  readonly code = 'SNAPSHOT_TOO_LARGE';
}

/** A step, message or answer is larger than messaging takes (`maxBodyBytes`). */
export class PayloadTooLarge extends TerminalError {
  override readonly name = 'PayloadTooLarge';
  readonly code = 'PAYLOAD_TOO_LARGE';
}

/** One step sends more messages than the limit `tellsPerStep`. */
export class TooManyMessages extends TerminalError {
  override readonly name = 'TooManyMessages';
  readonly code = 'TOO_MANY_MESSAGES';
}

/** An actor supervises more children than the limit `children`. */
export class TooManyChildren extends TerminalError {
  override readonly name = 'TooManyChildren';
  readonly code = 'TOO_MANY_CHILDREN';
}

/** A limit or setting of `createActorSystem` that cannot work; the text names it and what it needs. */
export class InvalidSettings extends TerminalError {
  override readonly name = 'InvalidSettings';
  readonly code = 'INVALID_SETTINGS';
}

/** Another process with this host's name is alive: two hosts of one name would serve the same partitions. */
export class HostNameTaken extends TerminalError {
  override readonly name = 'HostNameTaken';
  readonly code = 'HOST_NAME_TAKEN';
}

/** The stored snapshot is of another machine version and no `migrate` was registered that takes it. */
export class VersionMismatch extends TerminalError {
  override readonly name = 'VersionMismatch';
  readonly code = 'VERSION_MISMATCH';
}

/** The stored journal entry is not one of ours, or is damaged. */
export class CorruptJournal extends TerminalError {
  override readonly name = 'CorruptJournal';
  readonly code = 'CORRUPT_JOURNAL';
}

/** The receiving actor took the event and gave no answer; `outcome` says what it did with it. */
export class NotAnswered extends TerminalError {
  override readonly name = 'NotAnswered';
  readonly code = 'NOT_ANSWERED';
}

/** The system was stopped, or not started yet. */
export class SystemStopped extends TerminalError {
  override readonly name = 'SystemStopped';
  readonly code = 'SYSTEM_STOPPED';
}
