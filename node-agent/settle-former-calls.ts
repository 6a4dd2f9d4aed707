import type { VmId } from '#machines';
import type { Hypervisor } from '#ports';

/**
 * An agent that died may have left calls under way in the hypervisor: a start or a resume that hangs could make a copy run
 * much later, when this host has said that nothing runs here (G2). Calls about one VM are done one after the other, so
 * when these are answered nothing of the past can happen any more. Throws when that is not certain.
 */
export async function settleFormerCalls(hypervisor: Pick<Hypervisor, 'list' | 'suspend' | 'destroy'>): Promise<void> {
  const settle = async (vm: VmId, state: 'suspended' | 'off'): Promise<void> => {
    if (state === 'off') return await hypervisor.destroy(vm);
    // One that cannot be held still is given up.
    await hypervisor.suspend(vm).catch(() => hypervisor.destroy(vm));
  };
  const copies = await hypervisor.list();
  await Promise.all(copies.map(({ vm, state }) => (state === 'running' ? undefined : settle(vm, state))));
}
