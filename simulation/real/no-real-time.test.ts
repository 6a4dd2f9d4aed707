import { randomBytes, randomUUID } from 'node:crypto';
import { performance as imported } from 'node:perf_hooks';
import { setTimeout as importedTimer } from 'node:timers';
import { setTimeout as promised } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NotDeterministic, withoutRealTime } from './no-real-time.ts';

test('real time and randomness throw inside, and work again after', async () => {
  await withoutRealTime(async () => {
    expect(() => Date.now()).toThrow(NotDeterministic);
    expect(() => process.hrtime()).toThrow(NotDeterministic);
    expect(() => Math.random()).toThrow(NotDeterministic);
    expect(() => crypto.randomUUID()).toThrow(NotDeterministic);
  });
  expect(Math.random()).toBeLessThan(1);
  expect(crypto.randomUUID()).toHaveLength(36);
});

test('they throw whichever way they were imported, and a date of its own time is none of them', async () => {
  await withoutRealTime(async () => {
    expect(() => new Date()).toThrow(NotDeterministic);
    expect(() => Date()).toThrow(NotDeterministic);
    expect(() => performance.now()).toThrow(NotDeterministic);
    expect(() => imported.now()).toThrow(NotDeterministic);
    expect(() => randomUUID()).toThrow(NotDeterministic);
    expect(() => randomBytes(4)).toThrow(NotDeterministic);
    expect(() => importedTimer(() => {}, 1)).toThrow(NotDeterministic);
    expect(() => promised(1)).toThrow(NotDeterministic);
    expect(new Date(0).getTime()).toBe(0);
  });
  expect(new Date().getFullYear()).toBeGreaterThan(2000);
  expect(randomUUID()).toHaveLength(36);
  expect(imported.now()).toBeGreaterThan(0);
  await promised(1);
});
