import { expect, test } from 'vitest';
import { type DownEvidence, nodeId, vmId } from '#machines';
import type { LeaseSector, SharedStorage, Slot } from '#ports';
import type { StartCommand } from './commands.ts';
import { takeLease } from './take-lease.ts';

const [n1, n2, vm] = [nodeId('n1'), nodeId('n2'), vmId('vm-1')];
const held: LeaseSector = { vm, epoch: 1, generation: 3, status: 'held', node: n1, incarnation: 1, sequence: 5 };
const word: DownEvidence = { kind: 'word', node: n1, incarnation: 1, sequence: 7 };
const slot = (sequence: number): Slot => ({ node: n1, incarnation: 1, sequence, state: 'running' });
const self = { node: n2, incarnation: 1, sequence: 40 };

function storageWith(lease: LeaseSector, slots: readonly Slot[]): SharedStorage & { lease: LeaseSector } {
  const storage = {
    lease,
    writeSlot: async () => {},
    readSlots: async () => slots,
    readLease: async () => storage.lease,
    readLeases: async () => [storage.lease],
    compareAndWriteLease: async (expected: LeaseSector | undefined, next: LeaseSector) => {
      if (expected?.generation !== storage.lease.generation) return false;
      storage.lease = next;
      return true;
    },
    readStartCount: async () => undefined,
    compareAndWriteStartCount: async () => true,
    close: async () => {},
  };
  return storage;
}

const start = (epoch: number): StartCommand => ({
  do: 'start',
  spec: { vm, cpus: 1, memoryMiB: 1, disk: '' },
  epoch,
  evidence: [word],
  evenIfStopped: false,
  attempt: 'job/web-1',
});
const nothing = async () => {};

test('a lease is taken on the word of its holder, and says at which sequence', async () => {
  const storage = storageWith(held, [slot(7)]);
  expect(await takeLease(storage, self, start(2), nothing)).toMatchObject({ ok: true });
  expect(storage.lease).toEqual({ ...self, vm, epoch: 2, generation: 4, status: 'held' });
});

test('not when the holder claimed it after its word, even if a late write took its slot back (G2)', async () => {
  const storage = storageWith({ ...held, generation: 4, sequence: 9 }, [slot(6)]);
  expect(await takeLease(storage, self, start(2), nothing)).toMatchObject({ ok: false, code: 'EVIDENCE_VOID' });
});

test('a write that was done and then repeated, which fails, has won all the same', async () => {
  const storage = storageWith(held, [slot(7)]);
  const { compareAndWriteLease } = storage;
  storage.compareAndWriteLease = async (expected, next) => {
    await compareAndWriteLease(expected, next);
    return await compareAndWriteLease(expected, next);
  };
  expect(await takeLease(storage, self, start(2), nothing)).toMatchObject({ ok: true, sector: storage.lease });
});

test('one that lost against another has not', async () => {
  const storage = storageWith(held, [slot(7)]);
  const { compareAndWriteLease } = storage;
  storage.compareAndWriteLease = async (expected, next) => {
    await compareAndWriteLease(expected, { ...next, node: nodeId('n3') });
    return await compareAndWriteLease(expected, next);
  };
  expect(await takeLease(storage, self, start(2), nothing)).toMatchObject({ ok: false, code: 'RACED' });
});

test('a lease that is held here already is claimed anew, so that whoever read it before cannot take it any more', async () => {
  const storage = storageWith({ ...held, node: n2, epoch: 2 }, [slot(7)]);
  expect(await takeLease(storage, self, start(2), nothing)).toMatchObject({ ok: true });
  expect(storage.lease).toMatchObject({ node: n2, generation: 4, sequence: 40 });
});
