import { syncBuiltinESMExports } from 'node:module';
import { FORBIDDEN, type Forbidden } from './forbidden.ts';
// What the simulator itself needs of the machine is bound before anything is refused.
import './next-turn.ts';
import './wall-clock.ts';

/**
 * Runs `work` while real clocks, timers, randomness and what else differs from run to run throw, whichever way they were
 * imported. For a process that does nothing else meanwhile: the globals are everybody's.
 */
export async function withoutRealTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const restore = refuseRealTime();
  try {
    return await work();
  } finally {
    restore();
  }
}

/**
 * From now on they throw, until what this returns is called. For a thread that only simulates, before anything simulated is
 * loaded: what that keeps when it is loaded refuses then, too.
 */
export function refuseRealTime(): () => void {
  const replaced = FORBIDDEN.filter(({ instead }) => instead.get === undefined).map(replace);
  syncBuiltinESMExports(); // reads each property of each module
  replaced.push(...FORBIDDEN.filter(({ instead }) => instead.get !== undefined).map(replace));
  return () => {
    for (const restore of replaced.toReversed()) restore();
    syncBuiltinESMExports();
  };
}

/** Puts something else in its place and returns what undoes that. */
function replace({ on, name, instead }: Forbidden): () => void {
  const property = Object.getOwnPropertyDescriptor(on, name);
  Object.defineProperty(on, name, instead);
  return () => {
    if (property === undefined) Reflect.deleteProperty(on, name);
    else Object.defineProperty(on, name, property);
  };
}
