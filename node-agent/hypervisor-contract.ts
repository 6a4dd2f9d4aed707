import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeId, vmId } from '#machines';
import type { Hypervisor, VmCopy, VmSpec } from '#ports';

/** Two hosts, n1 and n2, that can start the same VM. */
export interface ContractHosts {
  readonly n1: Hypervisor;
  readonly n2: Hypervisor;
  readonly spec: VmSpec;
  /** Lets time pass until `work` ends, where time is simulated. */
  readonly drive?: <Result>(work: Promise<Result>) => Promise<Result>;
  stop(): Promise<void>;
}

/** What every `Hypervisor` promises. Call it inside a test file: it declares the tests. `make` gives two empty hosts. */
export function hypervisorContract(name: string, make: () => Promise<ContractHosts>): void {
  describe(`hypervisor contract: ${name}`, { timeout: 120_000 }, () => {
    let hosts: ContractHosts;
    const run = <Result>(work: Promise<Result>): Promise<Result> => hosts.drive?.(work) ?? work;
    const on = async (host: Hypervisor): Promise<Partial<VmCopy>[]> =>
      (await run(host.list())).map(({ vm: _, ...copy }) => copy);
    beforeAll(async () => {
      hosts = await make();
    }, 120_000);
    afterAll(() => hosts.stop());

    it('starts once, however often it is asked', async () => {
      const { n1, spec } = hosts;
      expect(await on(n1)).toEqual([]);
      await run(n1.start(spec, 1));
      await run(n1.start(spec, 1));
      expect(await on(n1)).toEqual([{ epoch: 1, state: 'running' }]);
    });

    it('suspends and resumes, also twice, and keeps the epoch', async () => {
      const { n1, spec } = hosts;
      for (const state of ['suspended', 'running'] as const) {
        const act = () => (state === 'suspended' ? n1.suspend(spec.vm) : n1.resume(spec.vm));
        await run(act());
        await run(act());
        expect(await on(n1)).toEqual([{ epoch: 1, state }]);
      }
    });

    it('settles what is running or suspended and leaves it so, and what is not here', async () => {
      const { n1, spec } = hosts;
      for (const state of ['suspended', 'running'] as const) {
        await run(state === 'suspended' ? n1.suspend(spec.vm) : n1.resume(spec.vm));
        await run(n1.settle(spec.vm));
        expect(await on(n1)).toEqual([{ epoch: 1, state }]);
      }
      await run(n1.settle(vmId('nobody')));
    });

    it('a resume under way is over when it is settled, so that a suspend afterwards lasts', async () => {
      const { n1, spec } = hosts;
      await run(n1.suspend(spec.vm));
      const resumed = n1.resume(spec.vm);
      await run(n1.settle(spec.vm));
      await run(resumed);
      await run(n1.suspend(spec.vm));
      expect(await on(n1)).toEqual([{ epoch: 1, state: 'suspended' }]);
      await run(n1.resume(spec.vm));
    });

    it('migrates a running copy: suspended there under the new epoch, off here for good', async () => {
      const { n1, n2, spec } = hosts;
      await run(n1.migrate(spec.vm, nodeId('n2'), 2));
      expect(await on(n1)).toEqual([{ epoch: 1, state: 'off', reason: 'migrated' }]);
      expect(await on(n2)).toEqual([{ epoch: 2, state: 'suspended' }]);
      await expect(run(n1.resume(spec.vm))).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      await run(n2.resume(spec.vm));
      expect(await on(n2)).toEqual([{ epoch: 2, state: 'running' }]);
    });

    it('forgets what is off, also twice, and does not migrate what it does not have', async () => {
      const { n1, n2, spec } = hosts;
      await run(n1.remove(spec.vm));
      await run(n1.remove(spec.vm));
      expect(await on(n1)).toEqual([]);
      await expect(run(n1.migrate(spec.vm, nodeId('n2'), 3))).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      expect(await on(n2)).toEqual([{ epoch: 2, state: 'running' }]);
    });

    it('migrates back, and a copy that waits suspended can be removed instead of resumed', async () => {
      const { n1, n2, spec } = hosts;
      await run(n2.migrate(spec.vm, nodeId('n1'), 3));
      await run(n2.remove(spec.vm));
      expect(await on(n1)).toEqual([{ epoch: 3, state: 'suspended' }]);
      await run(n1.destroy(spec.vm));
      expect(await on(n1)).toMatchObject([{ state: 'off', reason: 'destroyed' }]);
      await run(n1.remove(spec.vm));
      expect([await on(n1), await on(n2)]).toEqual([[], []]);
    });

    it('forces off, also twice; what is off neither resumes nor migrates', async () => {
      const { n1, spec } = hosts;
      await run(n1.start(spec, 4));
      await run(n1.destroy(spec.vm));
      await run(n1.destroy(spec.vm));
      expect(await on(n1)).toEqual([{ epoch: 4, state: 'off', reason: 'destroyed' }]);
      await expect(run(n1.resume(spec.vm))).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      await expect(run(n1.migrate(spec.vm, nodeId('n2'), 5))).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      await run(n1.remove(spec.vm));
      await run(n1.destroy(vmId('nobody')));
      await run(n1.remove(vmId('nobody')));
    });
  });
}
