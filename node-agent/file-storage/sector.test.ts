import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLOCK_BYTES, packSector, unpackSector } from './sector.ts';

const area = fc.nat(0xffffffff);
const number = fc.nat(0xffffffff);
const value = fc.record({ name: fc.string({ maxLength: 40 }), n: fc.maxSafeNat() });

test('what was packed is unpacked, for any area, sector and value', () => {
  fc.assert(
    fc.property(area, number, value, (a, n, v) => {
      expect(unpackSector(a, n, packSector(a, n, v))).toEqual({ kind: 'record', value: v });
      expect(unpackSector(a, n, packSector(a, n))).toEqual({ kind: 'blank' });
    }),
  );
});

test('no single changed byte goes unnoticed', () => {
  fc.assert(
    fc.property(area, value, fc.nat(BLOCK_BYTES - 1), fc.integer({ min: 1, max: 255 }), (a, v, at, change) => {
      for (const block of [packSector(a, 7, v), packSector(a, 7)]) {
        block[at] = (block[at] ?? 0) ^ change;
        expect(unpackSector(a, 7, block).kind).toBe('corrupt');
      }
    }),
  );
});

test('a block of another place or another area is corrupt, and so are zeros, noise and half a block', () => {
  fc.assert(
    fc.property(area, area, number, number, value, (a, b, n, m, v) => {
      fc.pre(a !== b && n !== m);
      expect(unpackSector(b, n, packSector(a, n, v)).kind).toBe('corrupt');
      expect(unpackSector(a, m, packSector(a, n, v)).kind).toBe('corrupt');
      expect(unpackSector(a, n, packSector(a, n, v).subarray(0, 512)).kind).toBe('corrupt');
    }),
  );
  expect(unpackSector(1, 1, Buffer.alloc(BLOCK_BYTES))).toEqual({ kind: 'corrupt', why: 'wiped, all zeros' });
  expect(unpackSector(1, 1, Buffer.alloc(BLOCK_BYTES, 0x5a)).kind).toBe('corrupt');
});

test('a record torn after any 512-byte disk sector is the old or the new one', () => {
  fc.assert(
    fc.property(value, value, fc.integer({ min: 0, max: 8 }), (before, after, landed) => {
      const torn = packSector(1, 7, before);
      packSector(1, 7, after).copy(torn, 0, 0, landed * 512);
      expect([before, after]).toContainEqual(Object(unpackSector(1, 7, torn)).value);
    }),
  );
});

test('what does not fit is refused', () => {
  expect(() => packSector(1, 1, 'x'.repeat(600))).toThrow(RangeError);
});
