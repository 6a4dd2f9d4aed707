/** Something the user can mend: one line that names the thing and the way out. Exit status 2. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code = 'LAB_ERROR';
  readonly retryable = false;
}

const FOR_PEOPLE: ReadonlySet<unknown> = new Set([
  ...['LAB_ERROR', 'PORT_BUSY', 'NATS_SERVER_MISSING', 'CLUSTER_NOT_READY', 'SERVER_DID_NOT_START'],
  ...['DATABASE_REFUSED', 'STORE_NOT_ATOMIC', 'STORE_REFUSED', 'ENOSPC', 'EACCES', 'EROFS', 'EDQUOT'],
]);

/** True for errors whose message names the thing and the way out, so that no stack trace is wanted. */
export function isForPeople(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && FOR_PEOPLE.has(error.code);
}
