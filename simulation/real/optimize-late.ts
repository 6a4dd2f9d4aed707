import { setFlagsFromString } from 'node:v8';

/** V8's own default is 3000. */
const CALLS_BEFORE_OPTIMIZING = 15_000;

/**
 * Lets V8's slowest compiler wait until a function was called often: an hour of a small cluster takes about a second, of
 * which compiling took a third, mostly for functions that are fast enough without. For a process that only simulates; changes
 * its speed and nothing else.
 */
export function optimizeLate(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_BEFORE_OPTIMIZING}`);
}
