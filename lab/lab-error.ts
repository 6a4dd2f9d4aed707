/** Something the user can mend: one line that names the thing and the way out. Exit status 2. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code = 'LAB_ERROR';
  readonly retryable = false;
}

const FOR_PEOPLE: ReadonlySet<unknown> = new Set([
  ...['LAB_ERROR', 'PORT_BUSY', 'NATS_SERVER_MISSING', 'CLUSTER_NOT_READY', 'SERVER_DID_NOT_START'],
  ...[
    'DATABASE_REFUSED',
    'STORE_NOT_ATOMIC',
    'STORE_REFUSED',
    'ENOSPC',
    'EACCES',
    'EROFS',
    'EDQUOT',
    'ENOENT',
    'UNSAFE_TIMINGS',
  ],
]);

/** One line for people: the error's own, and for a full disk the way out, which the system does not name. */
export function forPeople(error: Error): string {
  const full = 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return full ? `${error.message}: free some space, or name another folder in UNDERSTUDY_LAB` : error.message;
}

/** True for errors whose message names the thing and the way out, so that no stack trace is wanted. */
export function isForPeople(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && FOR_PEOPLE.has(error.code);
}
