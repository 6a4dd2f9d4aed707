import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseOnce, shared } from './parse-once.ts';

function counted() {
  let checks = 0;
  const schema = z.object({ n: z.number() }).refine(() => {
    checks += 1;
    return true;
  });
  return { read: parseOnce(schema), checks: () => checks };
}

test('a shared object is checked once, an equal one again, good or bad', () => {
  const { read, checks } = counted();
  const good = shared({ n: 1 });
  expect(read(good)).toBe(read(good));
  expect(checks()).toBe(1);
  expect(read(shared({ n: 1 })).data).toEqual({ n: 1 });
  expect(checks()).toBe(2);
  const bad = shared({ n: 'x' });
  expect(read(bad).success).toBe(false);
  expect(read(bad)).toBe(read(bad));
});

test('another schema checks it again', () => {
  const one = shared({ n: 1 });
  expect(parseOnce(z.object({ n: z.number() }))(one).success).toBe(true);
  expect(parseOnce(z.object({ n: z.string() }))(one).success).toBe(false);
});

test('what is not shared may change, so it is checked each time', () => {
  const { read, checks } = counted();
  const own = { n: 1 };
  expect([read(own).success, read(own).success, checks()]).toEqual([true, true, 2]);
  expect([read('a').success, read(null).success]).toEqual([false, false]);
});

test('to share an object changes nothing that JSON or a comparison sees, but nobody can write to it', () => {
  const one = shared({ n: 1 });
  expect(one).toEqual({ n: 1 });
  expect(JSON.stringify(one)).toBe('{"n":1}');
  expect(Object.keys(one)).toEqual(['n']);
  expect(() => Object.assign(one, { n: 2 })).toThrow(TypeError);
});
