import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseOnce } from './parse-once.ts';

test('one object is checked once, an equal one again, good or bad', () => {
  let checks = 0;
  const schema = z.object({ n: z.number() }).refine(() => {
    checks += 1;
    return true;
  });
  const read = parseOnce(schema);
  const good = { n: 1 };
  expect(read(good)).toBe(read(good));
  expect(checks).toBe(1);
  expect(read({ n: 1 }).data).toEqual({ n: 1 });
  expect(checks).toBe(2);
  const bad = { n: 'x' };
  expect(read(bad).success).toBe(false);
  expect(read(bad)).toBe(read(bad));
});

test('what is no object is checked each time', () => {
  const read = parseOnce(z.string());
  expect([read('a').success, read(null).success, read(1).success]).toEqual([true, false, false]);
});
