/** An error with its stack, for people: paths of this machine are in it. */
export function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
