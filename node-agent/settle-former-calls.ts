import type { VmId } from '#machines';
import type { Hypervisor, VmCopy } from '#ports';

/**
 * An agent that died may have left calls under way in the hypervisor: a start or a resume that hangs, or a migration that
 * fails, could make a copy run much later, when this host has said that nothing runs here (G2). When all are settled nothing
 * of the past can happen any more. Throws when that is not certain.
 */
export async function settleFormerCalls(hypervisor: Pick<Hypervisor, 'list' | 'settle' | 'destroy'>): Promise<void> {
  const settle = async (vm: VmId, state: VmCopy['state']): Promise<void> => {
    if (state === 'off') return await hypervisor.destroy(vm);
    try {
      await hypervisor.settle(vm);
    } catch (error) {
      // A suspended one that cannot be held still is given up; one that runs is not ended for that: tried again.
      if (state === 'running') throw error;
      await hypervisor.destroy(vm);
    }
  };
  const copies = await hypervisor.list();
  await Promise.all(copies.map(({ vm, state }) => settle(vm, state)));
}
