import { TerminalError } from '../../actors/errors.ts'; // this file alone: more would be loaded before anything is refused

/** Simulated code asked for real time, real randomness or something else of the machine: its run could not be repeated. */
export class NotDeterministic extends TerminalError {
  override readonly name = 'NotDeterministic';
  readonly code = 'NOT_DETERMINISTIC';
}

/** A loop may ask for ever. */
const KEPT = 10;
const refused: NotDeterministic[] = [];

/** What was refused since this was last asked, the first few, also when whoever asked for it caught the error. */
export function takeRefusals(): readonly NotDeterministic[] {
  return refused.splice(0);
}

/** Throws, and remembers it. */
export function refuse(what: string): never {
  const error = new NotDeterministic(what);
  if (refused.length < KEPT) refused.push(error);
  throw error;
}

/** Stands for a function or class: that and whatever hangs on it refuses to be called. */
export function refusing(what: string): () => never {
  const refuseCall = () => refuse(`${what} was called in a simulated run`);
  // An arrow function could not stand for a class.
  const callable = function refused(): never {
    return refuseCall();
  };
  return new Proxy(callable, {
    apply: refuseCall,
    construct: refuseCall,
    get: (target, name) =>
      typeof name === 'symbol' || name in target ? Reflect.get(target, name) : refusing(`${what}.${name}`),
  });
}
