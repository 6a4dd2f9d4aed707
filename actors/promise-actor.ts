import { fromPromise, type NonReducibleUnknown } from 'xstate';
import { UnsupportedAction } from './errors.ts';

/**
 * Declares an invoked effect in `setup({ actors })`. Its work is the effect of the same name given to `register`.
 * Outside the runtime (an XState tool, a plain actor) provide another implementation, or invoking it fails.
 */
export function promiseActor<Output, Input extends NonReducibleUnknown>() {
  return fromPromise<Output, Input>(async () => {
    throw new UnsupportedAction('this effect has no implementation here: pass it to register({ effects })');
  });
}
