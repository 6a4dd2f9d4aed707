import crypto from 'node:crypto';
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { refuse, refusing } from './not-deterministic.ts';
import { LOCAL_DATE_METHODS, timeless } from './timeless-date.ts';

/** A property that is another in a simulated run. */
export interface Forbidden {
  readonly on: object;
  readonly name: string;
  readonly instead: PropertyDescriptor;
}

/** Of `node:crypto`: the same for the same input. */
const HASHES = ['createHash', 'createHmac', 'getHashes', 'hash', 'timingSafeEqual', 'Hash', 'Hmac'];
/** Deprecated, and only to be looked at with a warning. */
const OLD_RANDOM = ['prng', 'pseudoRandomBytes', 'rng'];
const LOCALE = ['localeCompare', 'toLocaleDateString', 'toLocaleLowerCase', 'toLocaleString', 'toLocaleTimeString'];
const LANGUAGE = [...LOCALE, 'toLocaleUpperCase'];
const HAVE_LANGUAGE = [String, Number, BigInt, Array, Date, Object.getPrototypeOf(Uint8Array)];
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const OUTSIDE = ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel', 'MessageChannel', 'WebAssembly'];
const OF_PROCESS = [
  'hrtime',
  'uptime',
  'cpuUsage',
  'threadCpuUsage',
  'resourceUsage',
  'memoryUsage',
  'availableMemory',
];
const MORE_OF_PROCESS = ['constrainedMemory', 'getActiveResourcesInfo', 'getBuiltinModule', 'binding', 'dlopen'];

/** Everything that tells two runs apart or leads out of them, whichever way simulated code came by it. */
export const FORBIDDEN: readonly Forbidden[] = [
  ...calls('', globalThis, OUTSIDE), // first: to look at them makes Node.js load what they are made of
  ...calls('', globalThis, ['WeakRef', 'FinalizationRegistry']),
  ...calls('performance', Object.getPrototypeOf(performance), functionsOf(Object.getPrototypeOf(performance))),
  ...looks('performance', Object.getPrototypeOf(performance), ['timeOrigin', 'nodeTiming']),
  ...calls('perf_hooks', perfHooks, ['monitorEventLoopDelay', 'PerformanceObserver']),
  ...calls('', globalThis, ['PerformanceObserver']),
  ...calls('process', process, [...OF_PROCESS, ...MORE_OF_PROCESS]),
  ...looks('process', process, ['pid', 'ppid']),
  ...calls('', globalThis, TIMERS),
  ...calls('timers', timers, TIMERS),
  ...calls('timers/promises', timersPromises, TIMERS),
  ...calls('scheduler', Object.getPrototypeOf(timersPromises.scheduler), ['wait', 'yield']),
  ...calls('AbortSignal', AbortSignal, ['timeout']),
  ...looks('Event', Event.prototype, ['timeStamp']),
  ...calls('Math', Math, ['random']),
  ...calls('crypto', Object.getPrototypeOf(globalThis.crypto), ['getRandomValues', 'randomUUID']),
  ...calls('crypto.subtle', Object.getPrototypeOf(globalThis.crypto.subtle), ['generateKey']),
  ...calls('crypto', crypto, [...functionsOf(crypto).filter((name) => !HASHES.includes(name)), ...OLD_RANDOM]),
  ...calls('Atomics', Atomics, ['wait', 'waitAsync']),
  ...calls('Intl', Intl, functionsOf(Intl)),
  ...HAVE_LANGUAGE.flatMap(({ name, prototype }) =>
    calls(
      name,
      prototype,
      LANGUAGE.filter((of) => of in prototype),
    ),
  ),
  ...calls('Date', Date, ['now']),
  ...calls('Date', Date.prototype, LOCAL_DATE_METHODS),
  { on: globalThis, name: 'Date', instead: { value: timeless(Date), configurable: true, writable: true } },
];

/** Those that are functions, without looking at what is computed. */
function functionsOf(on: object): readonly string[] {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(on));
  return properties
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name);
}

function calls(of: string, on: object, names: readonly string[]): readonly Forbidden[] {
  return names.map((name) => {
    const what = of === '' ? name : `${of}.${name}`;
    return { on, name, instead: { value: refusing(what), configurable: true, writable: true } };
  });
}

function looks(of: string, on: object, names: readonly string[]): readonly Forbidden[] {
  return names.map((name) => {
    const get = () => refuse(`${of}.${name} was read in a simulated run`);
    return { on, name, instead: { get, configurable: true } };
  });
}
