import { generateKeySync, randomBytes, randomUUID } from 'node:crypto';
import { performance as imported } from 'node:perf_hooks';
import { hrtime, uptime } from 'node:process';
import { setTimeout as importedTimer } from 'node:timers';
import { setTimeout as promised, scheduler } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { withoutRealTime } from './no-real-time.ts';
import { NotDeterministic, takeRefusals } from './not-deterministic.ts';

afterEach(() => void takeRefusals());

const alias = globalThis;
const midnight = new Date(0);
const event = new Event('x');

/** What tells two runs apart, each way of asking for it. */
const ASKS: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => Date.now(),
  'new Date': () => new Date(),
  Date: () => Date(),
  'a date of local time': () => new Date(2026, 1, 1),
  'a date of a text': () => new Date('2026-01-01T00:00'),
  'the hour of a date': () => midnight.getHours(),
  'a date as text': () => String(midnight),
  'globalThis.Date.now': () => globalThis.Date.now(),
  'an alias of globalThis': () => alias.Date.now(),
  'Reflect.get of Date': () => Reflect.get(globalThis, 'Date').now(),
  'code made of text': () => new Function('return Date.now()')(),
  'performance.now': () => performance.now(),
  'performance, imported': () => imported.now(),
  'performance.mark': () => performance.mark('x'),
  'performance.timeOrigin': () => performance.timeOrigin,
  'now of the prototype': () => Object.getPrototypeOf(performance).now.call(performance),
  'process.hrtime': () => process.hrtime(),
  'process.hrtime.bigint': () => process.hrtime.bigint(),
  'hrtime, imported': () => hrtime(),
  'process.uptime': () => process.uptime(),
  'uptime, imported': () => uptime(),
  'process.memoryUsage': () => process.memoryUsage(),
  'process.memoryUsage.rss': () => process.memoryUsage.rss(),
  'process.cpuUsage': () => process.cpuUsage(),
  'process.resourceUsage': () => process.resourceUsage(),
  'process.pid': () => process.pid,
  'process.getBuiltinModule': () => process.getBuiltinModule('os'),
  setTimeout: () => setTimeout(() => {}, 1),
  'setTimeout, imported': () => importedTimer(() => {}, 1),
  'setTimeout, promised': () => promised(1),
  'scheduler.wait': () => scheduler.wait(1),
  setInterval: () => setInterval(() => {}, 1),
  setImmediate: () => setImmediate(() => {}),
  'AbortSignal.timeout': () => AbortSignal.timeout(1),
  'timeStamp of an event': () => event.timeStamp,
  'Math.random': () => Math.random(),
  'crypto.randomUUID': () => crypto.randomUUID(),
  'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(1)),
  'crypto.subtle.generateKey': () => crypto.subtle.generateKey('Ed25519', false, []),
  'randomUUID, imported': () => randomUUID(),
  'randomBytes, imported': () => randomBytes(4),
  'generateKeySync, imported': () => generateKeySync('hmac', { length: 64 }),
  WeakRef: () => new WeakRef({}),
  FinalizationRegistry: () => new FinalizationRegistry(() => {}),
  'Atomics.wait': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
  fetch: () => fetch('http://127.0.0.1:1'),
  WebSocket: () => new WebSocket('ws://127.0.0.1:1'),
  MessageChannel: () => new MessageChannel(),
  'Intl.Collator': () => new Intl.Collator(),
  'Intl.DateTimeFormat': () => Intl.DateTimeFormat(),
  localeCompare: () => 'a'.localeCompare('b'),
  toLocaleUpperCase: () => 'a'.toLocaleUpperCase(),
  'toLocaleString of a number': () => (1000).toLocaleString(),
  'toLocaleString of a list': () => [1000].toLocaleString(),
  'toLocaleString of bytes': () => new Uint8Array(1).toLocaleString(),
};

test.each(Object.entries(ASKS))('%s is refused inside, and as it was after', async (_name, ask) => {
  await withoutRealTime(async () => {
    expect(ask).toThrow(NotDeterministic);
  });
  expect(takeRefusals()).toHaveLength(1);
});

test('after it all is as it was', async () => {
  await withoutRealTime(async () => {});
  expect(Math.random()).toBeLessThan(1);
  expect(new Date().getFullYear()).toBeGreaterThan(2000);
  expect(randomUUID()).toHaveLength(36);
  expect(crypto.randomUUID()).toHaveLength(36);
  expect(imported.now()).toBeGreaterThan(0);
  expect(process.pid).toBeGreaterThan(0);
  expect(hrtime.bigint()).toBeGreaterThan(0n);
  expect(new WeakRef(alias).deref()).toBe(alias);
  expect(event.timeStamp).toBeGreaterThan(0);
  await promisify(setTimeout)(1);
  await promised(1);
});

test('a date that is made of a number, and its UTC, are allowed', async () => {
  const told = await withoutRealTime(async () => [new Date(0).getTime(), new Date(1000).toISOString()]);
  expect(told).toEqual([0, '1970-01-01T00:00:01.000Z']);
  expect(takeRefusals()).toEqual([]);
});

test('what was refused is known, also when whoever asked went on without it', async () => {
  await withoutRealTime(async () => {
    try {
      Date.now();
    } catch {} // as code does that tries again later
  });
  expect(takeRefusals().map(({ message }) => message)).toEqual(['Date.now was called in a simulated run']);
});
