import { join } from 'node:path';
import type { Hypervisor } from '#ports';
import { directKernelDomain, LibvirtHypervisor } from '../node-agent/libvirt/mod.ts';
import { SimulatedGuests } from '../node-agent/simulated-guests/mod.ts';
import type { NodeConfig } from './node-config.ts';

/**
 * The hypervisor of a lab node. QEMU's own lock on the disk is off: nothing but the lease protocol keeps two copies
 * apart, so that the guests' records prove it.
 */
export async function nodeHypervisor(config: NodeConfig, libvirtUri: string | undefined): Promise<Hypervisor> {
  const { node, guest, consoles } = config;
  if (guest === null) return new SimulatedGuests(join(consoles, 'guests'), node);
  if (libvirtUri === undefined) throw new Error('node-init did not say where libvirt listens');
  const consoleFolder = join(consoles, 'lv'); // the daemon's user may write there
  return await LibvirtHypervisor.connect(
    libvirtUri,
    directKernelDomain({ ...guest, node, diskLock: false, consoleFolder }),
  );
}
