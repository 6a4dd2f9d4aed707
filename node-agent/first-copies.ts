import type { VmId } from '#machines';
import type { CopyPorts } from './start-copy.ts';

/**
 * After a boot of the host nobody owns copies that already run (autostart): they are ended. After a mere restart of the
 * agent those whose lease sector is still this host's stay. Returns the VMs that had to go. Throws until storage and
 * hypervisor answered: then nothing may be trusted.
 */
export async function verifyFirstCopies(
  { storage, hypervisor, node, incarnation }: Pick<CopyPorts, 'storage' | 'hypervisor' | 'node' | 'incarnation'>,
  freshBoot: boolean,
  /** False once another check has begun: what this one finds late may have been started since. */
  isWanted: () => boolean,
): Promise<readonly VmId[]> {
  const leases = new Map((await storage.readLeases()).map((sector) => [sector.vm, sector]));
  const gone: VmId[] = [];
  for (const copy of await hypervisor.list()) {
    const sector = leases.get(copy.vm);
    const ours = sector?.status === 'held' && sector.node === node && sector.incarnation === incarnation();
    // A suspended one of another epoch is from the past: the VM may have run elsewhere since.
    const latest = ours && (copy.state === 'running' || copy.epoch === sector.epoch);
    if (copy.state === 'off' || (latest && !freshBoot) || !isWanted()) continue;
    await hypervisor.destroy(copy.vm);
    await hypervisor.remove(copy.vm);
    gone.push(copy.vm);
  }
  return gone;
}
