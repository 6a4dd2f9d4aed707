import { TerminalError } from '#actors';

/** Simulated code asked for real time or real randomness: its run could not be repeated. */
export class NotDeterministic extends TerminalError {
  override readonly name = 'NotDeterministic';
  readonly code = 'NOT_DETERMINISTIC';
}

/**
 * Runs `work` while the real clocks, timers and randomness throw. For a process that does nothing else meanwhile: the
 * globals are everybody's.
 */
export async function withoutRealTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const refuse = (what: string) => () => {
    throw new NotDeterministic(`${what} was called in a simulated run`);
  };
  const forbidden: [object, string][] = [
    [Date, 'now'],
    [Math, 'random'],
    [globalThis, 'setTimeout'],
    [globalThis, 'setInterval'],
    [process, 'hrtime'],
    [crypto, 'randomUUID'],
    [crypto, 'getRandomValues'],
  ];
  const kept = forbidden.map(([on, name]) => ({ on, name, property: Object.getOwnPropertyDescriptor(on, name) }));
  for (const { on, name } of kept) {
    Object.defineProperty(on, name, { value: refuse(name), configurable: true, writable: true });
  }
  try {
    return await work();
  } finally {
    for (const { on, name, property } of kept) {
      if (property === undefined) Reflect.deleteProperty(on, name);
      else Object.defineProperty(on, name, property);
    }
  }
}
