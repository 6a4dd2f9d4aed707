import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeId, nodeId, vmId } from '#machines';
import type { LeaseSector, SharedStorage, Slot, StartCount } from '#ports';

/** Two opens of one empty area with room for 4 nodes and 16 VMs at least. */
export interface ContractArea {
  readonly first: SharedStorage;
  readonly second: SharedStorage;
  /** Lets time pass until `work` ends, where time is simulated. */
  readonly drive?: <Result>(work: Promise<Result>) => Promise<Result>;
  stop(): Promise<void>;
}

const slotOf = (node: string, sequence: number): Slot => ({
  node: nodeId(node),
  incarnation: 1,
  sequence,
  state: 'running',
});
const leaseOf = (vm: string, node: string, generation: number): LeaseSector => ({
  vm: vmId(vm),
  epoch: 1,
  generation,
  status: 'held',
  node: nodeId(node),
  incarnation: 1,
  sequence: 0,
});

/** What every `SharedStorage` promises. Call it inside a test file: it declares the tests. `make` gives a fresh, empty area. */
export function sharedStorageContract(name: string, make: () => Promise<ContractArea>): void {
  describe(`shared storage contract: ${name}`, () => {
    let area: ContractArea;
    let first: SharedStorage;
    let second: SharedStorage;
    const run = <Result>(work: Promise<Result>): Promise<Result> => area.drive?.(work) ?? work;
    beforeAll(async () => {
      area = await make();
      ({ first, second } = area);
    });
    afterAll(() => area.stop());

    it('is empty at first', async () => {
      expect(await run(first.readSlots())).toEqual([]);
      expect(await run(first.readLeases())).toEqual([]);
      expect(await run(first.readLease(vmId('never')))).toBeUndefined();
    });

    it('shows each node its last slot through the other open, at once', async () => {
      const other: Slot = { node: nodeId('n2'), incarnation: 4, sequence: 2 ** 40, state: 'isolated' };
      await run(second.writeSlot(other));
      for (let sequence = 1; sequence <= 20; sequence += 1) {
        await run(first.writeSlot(slotOf('n1', sequence)));
        const slots = [...(await run(second.readSlots()))].sort((a, b) => (a.node < b.node ? -1 : 1));
        expect(slots).toEqual([slotOf('n1', sequence), other]);
      }
    });

    it('takes a slot write of any order: the node alone decides what stands there', async () => {
      for (const state of ['suspended', 'stopping', 'isolated', 'running'] as const) {
        await run(first.writeSlot({ ...slotOf('n1', 7), state }));
        expect(await run(second.readSlots())).toContainEqual({ ...slotOf('n1', 7), state });
      }
    });

    it('writes a first lease once, and never over one that is there', async () => {
      expect(await run(first.compareAndWriteLease(undefined, leaseOf('once', 'n1', 1)))).toBe(true);
      expect(await run(second.compareAndWriteLease(undefined, leaseOf('once', 'n2', 1)))).toBe(false);
      expect(await run(second.readLease(vmId('once')))).toEqual(leaseOf('once', 'n1', 1));
    });

    it('does not write a lease that was expected but never written', async () => {
      expect(await run(first.compareAndWriteLease(leaseOf('ghost', 'n1', 1), leaseOf('ghost', 'n1', 2)))).toBe(false);
      expect(await run(second.readLease(vmId('ghost')))).toBeUndefined();
    });

    it('writes only over exactly what was expected, field by field', async () => {
      const now: LeaseSector = { ...leaseOf('exact', 'n1', 5), epoch: 3, incarnation: 2 };
      const next: LeaseSector = { ...now, generation: 6, node: nodeId('n2') };
      await run(first.compareAndWriteLease(undefined, now));
      const wrong: Partial<LeaseSector>[] = [
        { epoch: 2 },
        { generation: 4 },
        { status: 'released' },
        { node: nodeId('n2') },
        { incarnation: 1 },
        { sequence: 4 },
      ];
      for (const change of wrong) {
        expect(await run(second.compareAndWriteLease({ ...now, ...change }, next))).toBe(false);
        expect(await run(first.readLease(now.vm))).toEqual(now);
      }
      expect(await run(second.compareAndWriteLease(now, next))).toBe(true);
      expect(await run(first.readLease(now.vm))).toEqual(next);
      expect(await run(first.compareAndWriteLease(now, next))).toBe(false);
    });

    it('compares values, not the order of their fields', async () => {
      const now = leaseOf('order', 'n1', 1);
      await run(first.compareAndWriteLease(undefined, now));
      const { vm, epoch, generation, status, node, incarnation, sequence } = now;
      const turned = { sequence, incarnation, node, status, generation, epoch, vm };
      expect(await run(second.compareAndWriteLease(turned, leaseOf('order', 'n2', 2)))).toBe(true);
    });

    it('keeps the leases of many VMs apart, and lists them all', async () => {
      const before = (await run(first.readLeases())).length;
      for (let n = 0; n < 8; n += 1) {
        expect(await run(first.compareAndWriteLease(undefined, leaseOf(`many-${n}`, 'n1', n + 1)))).toBe(true);
      }
      const all = await run(second.readLeases());
      expect(all).toHaveLength(before + 8);
      for (let n = 0; n < 8; n += 1) expect(all).toContainEqual(leaseOf(`many-${n}`, 'n1', n + 1));
    });

    it('holds names of the greatest length and counters up to the greatest safe integer', async () => {
      const long = 'a'.repeat(63);
      const most = Number.MAX_SAFE_INTEGER;
      const node = nodeId(long);
      const lease: LeaseSector = {
        vm: vmId(long),
        epoch: most,
        generation: most,
        status: 'released',
        node,
        incarnation: most,
        sequence: most,
      };
      expect(await run(first.compareAndWriteLease(undefined, lease))).toBe(true);
      expect(await run(second.readLease(lease.vm))).toEqual(lease);
      const slot: Slot = { node, incarnation: most, sequence: most, state: 'suspended' };
      await run(first.writeSlot(slot));
      expect(await run(second.readSlots())).toContainEqual(slot);
    });

    it('counts the starts of each node by compare-and-write, apart from slots and leases', async () => {
      const [node, other] = [nodeId('n3'), nodeId('n4')];
      const count = (starts: number, of = node): StartCount => ({ node: of, incarnation: 1, starts });
      expect(await run(first.readStartCount(node))).toBeUndefined();
      expect(await run(second.compareAndWriteStartCount(count(1), count(2)))).toBe(false);
      expect(await run(first.compareAndWriteStartCount(undefined, count(1)))).toBe(true);
      expect(await run(second.compareAndWriteStartCount(undefined, count(1)))).toBe(false);
      expect(await run(second.compareAndWriteStartCount(undefined, count(7, other)))).toBe(true);
      expect(await run(second.compareAndWriteStartCount({ ...count(1), incarnation: 2 }, count(2)))).toBe(false);
      expect(await run(second.compareAndWriteStartCount(count(1), count(2)))).toBe(true);
      await run(first.writeSlot(slotOf('n3', 1)));
      expect(await run(first.readStartCount(node))).toEqual(count(2));
      expect(await run(first.readStartCount(other))).toEqual(count(7, other));
    });

    it('lets exactly one of many racing writers win each generation, the first one too', async () => {
      let current: LeaseSector | undefined;
      for (let generation = 1; generation <= 40; generation += 1) {
        const nodes: NodeId[] = Array.from({ length: 6 }, (_, n) => nodeId(`r${n}`));
        const won = await run(
          Promise.all(
            nodes.map((node, n) =>
              (n % 2 === 0 ? first : second).compareAndWriteLease(current, leaseOf('race', node, generation)),
            ),
          ),
        );
        const winners = nodes.filter((_, n) => won[n]);
        expect(winners).toHaveLength(1);
        current = leaseOf('race', winners[0] ?? '', generation);
        expect(await run(second.readLease(vmId('race')))).toEqual(current);
      }
    });
  });
}
