import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PartitionOwners } from './partition-owners.ts';

const hostNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 });

test('every host comes to the same owners, in whatever order it heard of the others', () => {
  fc.assert(
    fc.property(hostNames, (hosts) => {
      expect(new PartitionOwners(64).of([...hosts].reverse())).toEqual(new PartitionOwners(64).of(hosts));
    }),
  );
});

test('a host that goes leaves all partitions but its own where they are', () => {
  fc.assert(
    fc.property(hostNames, ([gone, ...left]) => {
      fc.pre(left.length > 0);
      const owners = new PartitionOwners(64);
      const before = owners.of([gone ?? '', ...left]);
      const after = owners.of(left);
      expect(after).toHaveLength(64);
      before.forEach((owner, partition) => {
        if (owner !== gone) expect(after[partition]).toBe(owner);
      });
    }),
  );
});

test('without hosts nobody owns anything', () => {
  expect(new PartitionOwners(8).of([])).toEqual([]);
});
