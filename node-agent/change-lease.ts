import type { LeaseSector, SharedStorage } from '#ports';

/**
 * Changes a lease sector by compare-and-write; false: somebody else changed it first. A connection that breaks is opened again
 * and repeats what was not answered, and of a write that had won the repetition fails for its own success. So a refusal is
 * believed only when the sector does not stand as it was to be: nobody else writes that generation for this node.
 * Throws `StorageUnavailable` when the outcome is unknown.
 */
export async function changeLease(
  storage: Pick<SharedStorage, 'compareAndWriteLease' | 'readLease'>,
  expected: LeaseSector | undefined,
  next: LeaseSector,
): Promise<boolean> {
  if (await storage.compareAndWriteLease(expected, next)) return true;
  const now = await storage.readLease(next.vm);
  return now !== undefined && isSame(now, next);
}

function isSame(a: LeaseSector, b: LeaseSector): boolean {
  return (
    a.vm === b.vm &&
    a.epoch === b.epoch &&
    a.generation === b.generation &&
    a.status === b.status &&
    a.node === b.node &&
    a.incarnation === b.incarnation &&
    a.sequence === b.sequence
  );
}
