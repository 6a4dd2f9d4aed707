import { RetryableError, TerminalError } from '#actors';

/** Shared storage did not answer, or refused. A write that threw this may still land later. */
export class StorageUnavailable extends RetryableError {
  override readonly name = 'StorageUnavailable';
  /** Kinds of it have codes of their own. */
  readonly code: string = 'STORAGE_UNAVAILABLE';
}

/** The database did not answer. The outcome of a write is unknown: read before deciding. */
export class DatabaseUnavailable extends RetryableError {
  override readonly name = 'DatabaseUnavailable';
  readonly code = 'DATABASE_UNAVAILABLE';
}

/** Somebody else changed the document first: read it again and decide again. */
export class RevisionConflict extends TerminalError {
  override readonly name = 'RevisionConflict';
  readonly code = 'REVISION_CONFLICT';
}

/** The hypervisor refused or failed a call; the cause is kept. */
export class HypervisorError extends RetryableError {
  override readonly name = 'HypervisorError';
  readonly code = 'HYPERVISOR_ERROR';
}
