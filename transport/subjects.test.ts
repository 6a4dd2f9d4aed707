import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Address } from '#actors';
import { fromToken, Subjects, toToken } from './subjects.ts';

const subjects = new Subjects('understudy', 64);

test('any text becomes one subject token and comes back', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
      fc.pre(text.isWellFormed());
      const token = toToken(text);
      expect(token).toMatch(/^[A-Za-z0-9_=-]+$/);
      expect(fromToken(token)).toBe(text);
    }),
  );
});

test('a journal subject names its actor; an id may contain slashes and dots', () => {
  const address = 'job/web.1/2' as Address;
  expect(subjects.addressOf(subjects.journal(address))).toBe(address);
  expect(subjects.journal(address)).toMatch(/^understudy\.j\.\d+\.job\.web=2e1=2f2$/);
});

test('a subject that somebody else made stops nobody', () => {
  expect(subjects.addressOf('understudy.j.1.vm.=zz')).toBe('vm/=zz');
  expect(subjects.addressOf('understudy.j.1.vm')).toBe('vm/');
});

test('an address without kind or id is refused', () => {
  for (const bad of ['vm', 'vm/', '/x', '']) {
    expect(() => subjects.journal(bad as Address)).toThrow(expect.objectContaining({ code: 'INVALID_ADDRESS' }));
  }
});
