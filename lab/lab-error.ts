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
    'DATABASE_UNAVAILABLE',
    'REVISION_CONFLICT',
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

/** One line for people: the error's own, and the way out where whoever threw it does not name it. */
export function forPeople(error: Error, env: NodeJS.ProcessEnv = process.env): string {
  const wayOut = 'code' in error ? wayOutOf(error.code, env) : undefined;
  const line = error.message.replaceAll(/\s*\n\s*/g, ' ');
  return wayOut === undefined ? line : `${line}: ${wayOut}`;
}

function wayOutOf(code: unknown, { MONGODB_URL }: NodeJS.ProcessEnv): string | undefined {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'free some space, or name another folder in UNDERSTUDY_LAB';
  if (code === 'DATABASE_UNAVAILABLE') return MONGODB_URL ? 'start it, or unset MONGODB_URL' : 'start the lab again';
  if (code === 'REVISION_CONFLICT') return 'somebody else changed it first: start the lab again';
  return undefined;
}

/** True for errors whose message names the thing and the way out, so that no stack trace is wanted. */
export function isForPeople(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && FOR_PEOPLE.has(error.code);
}
