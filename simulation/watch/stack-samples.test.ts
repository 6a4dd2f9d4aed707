import { expect, test } from 'vitest';
import { inWords } from './stack-samples.ts';

const outer = { name: 'outer', place: 'a.ts:1:1' };
const loop = (line: number) => ({ name: 'loop', place: `a.ts:${line}:1` });
const leaf = { name: '', place: 'a.ts:9:1' };

test('the outermost function that is not always at the same place is marked', () => {
  expect(
    inWords([
      [leaf, loop(2), outer],
      [loop(3), outer],
      [leaf, loop(2), outer],
    ]),
  ).toBe(
    [
      '    at (anonymous) (a.ts:9:1)',
      '    at loop (a.ts:2:1)   <- the outermost that moved on',
      '    at outer (a.ts:1:1)',
    ].join('\n'),
  );
});

test('the deepest stack is told; who is at one place in all of them waits', () => {
  const words = inWords([
    [loop(2), outer],
    [leaf, loop(2), outer],
  ]).split('\n');
  expect(words[0]).toBe('    at (anonymous) (a.ts:9:1)   <- the outermost that moved on');
  expect(words.length).toBe(3);
});

test('samples without any function count for nothing', () => {
  expect(inWords([[], [leaf]])).toBe('    at (anonymous) (a.ts:9:1)   <- the outermost that moved on');
  expect(inWords([])).toBe('');
});
