import { expect, it } from 'vitest';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { SaidLately } from './said-lately.ts';

it('lets the same text through once in 30 s, and others in between', async () => {
  const time = new VirtualTime();
  const said = new SaidLately({ nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) });
  expect(['a', 'a', 'b', 'a'].map((text) => said.isNews(text))).toEqual([true, false, true, false]);
  await time.run(29_999, () => {});
  expect(said.isNews('a')).toBe(false);
  await time.run(30_000, () => {});
  expect([said.isNews('a'), said.isNews('a')]).toEqual([true, false]);
});

it('remembers a bounded number of texts', () => {
  const said = new SaidLately({ nowMs: () => 0, after: () => ({ cancel: () => {} }) });
  for (let i = 0; i < 101; i += 1) said.isNews(`${i}`);
  expect(said.isNews('100')).toBe(false);
  expect(said.isNews('0')).toBe(true);
});
