import { expect, test } from 'vitest';
import { address } from './address.ts';
import { InvalidAddress } from './errors.ts';
import { KnownPartitions } from './known-partitions.ts';
import { partitionOf } from './partition.ts';

test('an address is in the same partition however often, and after however many others, it is asked for', () => {
  const known = new KnownPartitions(64);
  const addresses = Array.from({ length: 2500 }, (_, i) => `vm/web-${i}`);
  for (const text of [...addresses, ...addresses]) expect(known.of(text)).toBe(partitionOf(address(text), 64));
});

test('what is no address is refused each time', () => {
  const known = new KnownPartitions(64);
  for (const _ of [1, 2]) expect(() => known.of('no address')).toThrow(InvalidAddress);
});
