/** Something wrong in what the user gave, in one line that says what is allowed. Exit status 2. */
export class UserMistake extends Error {
  override readonly name = 'UserMistake';
  readonly code = 'USER_MISTAKE';
  readonly retryable = false;
}
