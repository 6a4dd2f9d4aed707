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
