import { expect, it } from 'vitest';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { SaidLately } from './said-lately.ts';

it('lets the same text through once in 30 s, and others in between', async () => {
  const time = new VirtualTime();
  const said = new SaidLately({ nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) });
  expect(['a 1', 'a 2', 'b', 'a 1'].map((text) => said.isNews(text))).toEqual([true, false, true, false]);
  await time.run(29_999, () => {});
  expect(said.isNews('a 3')).toBe(false);
  await time.run(30_000, () => {});
  expect([said.isNews('a 3'), said.isNews('a 4')]).toEqual([true, false]);
});

it('remembers a bounded number of texts', () => {
  const said = new SaidLately({ nowMs: () => 0, after: () => ({ cancel: () => {} }) });
  for (let i = 0; i < 101; i += 1) said.isNews('x'.repeat(i));
  expect(said.isNews('x'.repeat(100))).toBe(false);
  expect(said.isNews('')).toBe(true);
});
