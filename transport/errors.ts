import { RetryableError, TerminalError, TransportUnavailable } from '#actors';

/** The server is older than 2.11: it can let two writers win the same compare-and-set. */
export class ServerTooOld extends TerminalError {
  override readonly name = 'ServerTooOld';
  readonly code = 'SERVER_TOO_OLD';
}

/** The store accepted two writers of one compare-and-set, or one with a wrong expectation. Never to be used. */
export class UnsafeCompareAndSet extends TerminalError {
  override readonly name = 'UnsafeCompareAndSet';
  readonly code = 'UNSAFE_COMPARE_AND_SET';
}

/** A stream of that name exists and is configured differently from what is needed; nothing was changed. */
export class StreamMismatch extends TerminalError {
  override readonly name = 'StreamMismatch';
  readonly code = 'STREAM_MISMATCH';
}

/** No stream of that name is there, and none was to be made. */
export class StreamMissing extends TerminalError {
  override readonly name = 'StreamMissing';
  readonly code = 'STREAM_MISSING';
}

/** The servers answer, but without JetStream: nothing durable can be kept there. */
export class JetStreamMissing extends TerminalError {
  override readonly name = 'JetStreamMissing';
  readonly code = 'JETSTREAM_MISSING';
}

/** The servers refuse these credentials, or these credentials may not do what is needed. */
export class NotAuthorized extends TerminalError {
  override readonly name = 'NotAuthorized';
  readonly code = 'NOT_AUTHORIZED';
}

/** What is to be stored cannot be written down for the servers, or they refuse it for what it is: not even later. */
export class WriteImpossible extends TerminalError {
  override readonly name = 'WriteImpossible';
  readonly code = 'WRITE_IMPOSSIBLE';
}

/** Not `kind/id`, both of at least one character. */
export class InvalidAddress extends TerminalError {
  override readonly name = 'InvalidAddress';
  readonly code = 'INVALID_ADDRESS';
}

/** Refusals that the stream's configuration causes, not the message: sealed; batches, schedules or expiry not allowed. */
const OF_THE_STREAM: ReadonlySet<number> = new Set([10109, 10166, 10174, 10188, 10198]);

/** The server answered a write with an error: it did not happen. */
export class WriteRefused extends RetryableError {
  override readonly name = 'WriteRefused';
  readonly code = 'WRITE_REFUSED';
  /** The server's own error number. */
  readonly serverCode: number;
  /** The class of the error, as in HTTP. */
  readonly status: number;

  constructor(serverCode: number, description: string, status = 503) {
    super(`${description} (JetStream error ${serverCode})`);
    this.serverCode = serverCode;
    this.status = status;
  }

  /** 10071 names the last sequence, 10164 does not know it (a write is under way): both are a lost compare-and-set. */
  get lostCompareAndSet(): boolean {
    return this.serverCode === 10071 || this.serverCode === 10164;
  }

  /** One of the messages is at fault, or lost its compare-and-set: without it the others of its batch may pass. */
  get hasCulprit(): boolean {
    return this.status === 400 && !OF_THE_STREAM.has(this.serverCode);
  }

  /** The same write will never be taken. A batch with a gap (10176) may pass next time. */
  get isFinal(): boolean {
    return this.hasCulprit && !this.lostCompareAndSet && this.serverCode !== 10176;
  }
}

/** Our own errors as they are; anything of the client library becomes `TransportUnavailable`. */
export function transportError(error: unknown): Error {
  if (error instanceof WriteRefused && error.isFinal) {
    return new WriteImpossible(`the servers refuse it for what it is: ${error.message}`, { cause: error });
  }
  if (error instanceof WriteRefused) return new TransportUnavailable(error.message, { cause: error });
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new TransportUnavailable(`the messaging servers did not answer (${text})`, { cause: error });
}
