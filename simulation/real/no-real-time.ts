import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { TerminalError } from '#actors';

/** Simulated code asked for real time or real randomness: its run could not be repeated. */
export class NotDeterministic extends TerminalError {
  override readonly name = 'NotDeterministic';
  readonly code = 'NOT_DETERMINISTIC';
}

const FORBIDDEN: readonly (readonly [on: object, name: string])[] = [
  [Date, 'now'],
  [performance, 'now'],
  [process, 'hrtime'],
  [Math, 'random'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [timers, 'setTimeout'],
  [timers, 'setInterval'],
  [timersPromises, 'setTimeout'],
  [timersPromises, 'setInterval'],
  [globalThis.crypto, 'randomUUID'],
  [globalThis.crypto, 'getRandomValues'],
  [crypto, 'randomUUID'],
  [crypto, 'randomBytes'],
  [crypto, 'randomInt'],
  [crypto, 'randomFillSync'],
];

/**
 * Runs `work` while the real clocks, timers and randomness throw, whichever way they were imported. For a process that does
 * nothing else meanwhile: the globals are everybody's.
 */
export async function withoutRealTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const replaced = [
    ...FORBIDDEN.map(([on, name]) => replace(on, name, refusal(name))),
    replace(globalThis, 'Date', timeless(Date)),
  ];
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    for (const restore of replaced.toReversed()) restore();
    syncBuiltinESMExports();
  }
}

/** Puts something else in its place and returns what undoes that. */
function replace(on: object, name: string, value: unknown): () => void {
  const property = Object.getOwnPropertyDescriptor(on, name);
  Object.defineProperty(on, name, { value, configurable: true, writable: true });
  return () => {
    if (property === undefined) Reflect.deleteProperty(on, name);
    else Object.defineProperty(on, name, property);
  };
}

function refusal(what: string): () => never {
  return () => {
    throw new NotDeterministic(`${what} was called in a simulated run`);
  };
}

/** A `Date` that knows no present. */
function timeless(real: DateConstructor): DateConstructor {
  const refuse = refusal('Date');
  return new Proxy(real, {
    apply: refuse,
    construct: (target, given: readonly unknown[]) =>
      given.length === 0 ? refuse() : Reflect.construct(target, given),
  });
}
