/** Something the user can mend: one line that names the thing and the way out. Exit status 2. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code = 'LAB_ERROR';
  readonly retryable = false;
}
