/** Calls a function of somebody else's: `failed` is told what it throws, and what a promise of it is rejected with. */
export function callSafely(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = call();
    // Nobody waits for it; a rejection that nobody handles would end the process.
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
